from datetime import datetime, timedelta

import pytest

from nightrec.scoring.transform import fallback, named_lists, popularity, user_rows, users_over_cap

AT = datetime(2026, 1, 1)


@pytest.fixture
def items(spark):
    return spark.createDataFrame([("a", 0), ("b", 1), ("c", 2)], "item_id string, item_idx int")


def test_lists_get_the_names_of_their_items_and_keep_their_order(spark, items):
    ranked = [("u1", 1, 2, 0.9, "x", 1.0), ("u1", 2, 0, 0.9, "y", 0.25), ("u2", 1, 1, -1.0, "x", 1.0)]
    form = "user_id string, rank int, item_idx int, score double, source string, propensity float"
    named = named_lists(spark.createDataFrame(ranked, form), items)
    assert dict(named.dtypes)["score"] == "float"
    assert sorted((r.user_id, r.rank, r.item_id, r.source, r.propensity) for r in named.collect()) == [
        ("u1", 1, "c", "x", 1.0),
        ("u1", 2, "a", "y", 0.25),
        ("u2", 1, "b", "x", 1.0),
    ]


def test_users_over_cap_are_those_with_too_many_items_of_one_category(spark):
    rows = [("a", "film| film |war"), ("b", "film"), ("c", "war|film"), ("d", None), ("e", "||")]
    items = spark.createDataFrame(rows, "item_id string, categories string")
    pairs = [("u1", "a"), ("u1", "c"), ("u2", "a"), ("u2", "b"), ("u2", "c"), ("u3", "d"), ("u3", "e"), ("u4", "b")]
    lists = spark.createDataFrame(pairs, "user_id string, item_id string")

    def over(cap):
        return sorted(row.user_id for row in users_over_cap(lists, items, cap).collect())

    assert (over(1), over(2)) == (["u1", "u2"], ["u2"])


def test_user_rows_hold_histories_oldest_first_and_are_never_null(spark, items):
    rows = [("u1", "b", 1.0, AT), ("u1", "a", 2.0, AT + timedelta(1)), ("u1", "c", 3.0, AT), ("u1", "gone", 1.0, AT)]
    rows += [("u2", "a", 0.0, AT)]
    matrix = spark.createDataFrame(rows, "user_id string, item_id string, weight double, last_at timestamp")
    users = spark.createDataFrame([("u1",), ("u2",), ("u3",)], "user_id string")
    hidden = spark.createDataFrame([("u1", "c"), ("u1", "a"), ("u2", "gone")], "user_id string, item_id string")
    got = {r.user_id: (r["items"], r.weights, r.hidden) for r in user_rows(users, matrix, hidden, items).collect()}
    assert got == {"u1": ([1, 2, 0], [1.0, 3.0, 2.0], [0, 2]), "u2": ([], [], []), "u3": ([], [], [])}


def test_fallback_orders_by_popularity_and_then_by_item(spark, items):
    weighed = spark.createDataFrame([("b", 3.0), ("gone", 9.0)], "item_id string, weight double")
    best = fallback(popularity(items, weighed), n=2).collect()
    assert [(r.rank, r.item_id) for r in best] == [(1, "b"), (2, "a")]
    assert [r.score for r in best] == pytest.approx([1.3862944, 0.0])  # ln(1 + 3)
