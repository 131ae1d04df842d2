from datetime import datetime, timedelta

import pytest

from nightrec.scoring.transform import fallback, numbered_lists, popularity, user_rows

AT = datetime(2026, 1, 1)


@pytest.fixture
def items(spark):
    return spark.createDataFrame([("a", 0), ("b", 1), ("c", 2)], "item_id string, item_idx int")


def test_lists_are_numbered_from_the_best_and_ties_go_to_the_lower_index(spark, items):
    ranked = [("u1", 1, 0.5, "x"), ("u1", 0, 0.5, "x"), ("u1", 2, 0.9, "y"), ("u2", 2, -1.0, "x")]
    ranked = spark.createDataFrame(ranked, "user_id string, item_idx int, score double, source string")
    got = sorted((r.user_id, r.rank, r.item_id, r.source) for r in numbered_lists(ranked, items).collect())
    assert got == [("u1", 1, "c", "y"), ("u1", 2, "a", "x"), ("u1", 3, "b", "x"), ("u2", 1, "c", "x")]


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
