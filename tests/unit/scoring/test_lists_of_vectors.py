from datetime import datetime

import numpy as np
import pytest

from nightrec.scoring.fusion import Part
from nightrec.scoring.transform import fallback, score_all, top_n
from nightrec.scoring.vectors import popularity, text_profiles

SCORED = "user_id string, item_id string, score double, source string"


def test_top_n_ranks_each_user_and_breaks_ties_by_item(spark):
    scored = spark.createDataFrame(
        [("u1", "b", 0.5, "x"), ("u1", "a", 0.5, "x"), ("u1", "c", 0.9, "y"), ("u2", "z", -1.0, "x")], SCORED
    )
    got = sorted((r.user_id, r.rank, r.item_id, r.source) for r in top_n(scored, n=2).collect())
    assert got == [("u1", 1, "c", "y"), ("u1", 2, "a", "x"), ("u2", 1, "z", "x")]


@pytest.mark.parametrize("n", [0, -3])
def test_top_n_rejects_non_positive_n(spark, n):
    with pytest.raises(ValueError, match=f"got {n}"):
        top_n(spark.createDataFrame([], SCORED), n)


@pytest.mark.parametrize("block_rows", [4, 1000])
def test_blocks_do_not_change_the_lists(spark, block_rows):
    rng = np.random.default_rng(3)
    users, items = (rng.integers(-4, 5, (n, 3)) for n in (11, 17))
    seen = [(f"u{u:02}", f"i{(u * k) % 17:02}") for u in range(11) for k in (1, 5)]
    parts = [Part("a", 1.0, np.zeros(1), np.eye(1)), Part("b", 1.0, np.zeros(2), np.eye(2))]

    scored = score_all(
        spark.createDataFrame(rows("u", users), "user_id string, user_idx int, vector array<float>"),
        spark.createDataFrame(rows("i", items), "item_id string, item_idx int, vector array<float>"),
        spark.createDataFrame([*seen, ("u00", "not in the catalogue")], "user_id string, item_id string"),
        parts,
        n=5,
        block_rows=block_rows,
    )
    got = {(r.user_id, r.rank): (r.item_id, r.score) for r in top_n(scored, 5).collect()}

    scores = (users @ items.T).astype(float)
    for user, item in seen:
        scores[int(user[1:]), int(item[1:])] = -np.inf
    want = {
        (f"u{u:02}", place + 1): (f"i{i:02}", scores[u, i])
        for u in range(11)
        for place, i in enumerate(np.lexsort((np.arange(17), -scores[u]))[:5])
    }
    assert got == want


def rows(letter, vectors):
    # The index runs against the id, so that ties broken by index would show.
    return [(f"{letter}{k:02}", len(vectors) - 1 - k, [float(x) for x in v]) for k, v in enumerate(vectors)]


def test_popularity_is_a_z_score_and_fallback_orders_by_it(spark):
    items = spark.createDataFrame([("a",), ("b",), ("c",)], "item_id string")
    weighed = spark.createDataFrame([("b", np.e - 1.0), ("gone", 9.0)], "item_id string, weight double")
    popular = popularity(items, weighed)
    # log1p gives 0, 1, 0: mean 1/3, standard deviation sqrt(2)/3
    assert {r.item_id: r.popularity[0] for r in popular.collect()} == pytest.approx(
        {"a": -(0.5**0.5), "b": 2**0.5, "c": -(0.5**0.5)}
    )
    assert [(r.rank, r.item_id) for r in fallback(popular, n=2).collect()] == [(1, "b"), (2, "a")]


def test_popularity_of_a_shop_without_events_is_level(spark):
    items = spark.createDataFrame([("a",), ("b",)], "item_id string")
    popular = popularity(items, spark.createDataFrame([], "item_id string, weight double"))
    assert [r.popularity for r in popular.collect()] == [[0.0], [0.0]]


def test_text_profiles_weigh_items_and_count_own_words_as_much(spark):
    at = datetime(2026, 1, 1)
    weighed = spark.createDataFrame(
        [("reader", "x", 3.0, at), ("reader", "y", 1.0, at), ("reader", "no text", 9.0, at), ("both", "x", 1.0, at)],
        "user_id string, item_id string, weight double, last_at timestamp",
    )
    of_items = spark.createDataFrame([("x", [1.0, 0.0]), ("y", [0.0, 1.0])], "item_id string, vector array<float>")
    of_users = spark.createDataFrame(
        [("writer", [0.0, 1.0]), ("both", [0.0, 1.0])], "user_id string, vector array<float>"
    )
    got = {r.user_id: r.text for r in text_profiles(weighed, of_items, of_users, newest=5).collect()}
    assert got["reader"] == pytest.approx([3 / 10**0.5, 1 / 10**0.5])
    assert got["writer"] == pytest.approx([0.0, 1.0])
    assert got["both"] == pytest.approx([0.5**0.5, 0.5**0.5])
