from math import log2

import pytest

from nightrec.evaluation.metrics import accuracy, diversity, hits_by_user

LISTS = "list_source string, user_id string, item_id string, rank int"


@pytest.fixture
def lists(spark):
    shown = {"u1": "abc", "u2": "abd", "nobody": "abc"}
    rows = [("published", user, item, rank + 1) for user, items in shown.items() for rank, item in enumerate(items)]
    # Another kind of list beside it, which must not mix with it.
    return spark.createDataFrame([*rows, ("popular", "u2", "q", 1)], LISTS)


@pytest.fixture
def relevant(spark):
    # u1 finds a at 1 and c at 3, misses z; u2 finds nothing; stranger had no list
    rows = [("u1", "a"), ("u1", "c"), ("u1", "z"), ("u2", "q"), ("stranger", "a")]
    return spark.createDataFrame(rows, "user_id string, item_id string")


def test_hits_by_user_lines_up_ranks_for_users_with_a_list_and_a_goal(lists, relevant):
    got = {(r.list_source, r.user_id): (r.hits, r.n_relevant) for r in hits_by_user(lists, relevant).collect()}
    assert got == {("published", "u1"): ([1, 3], 3), ("published", "u2"): ([], 1), ("popular", "u2"): ([1], 1)}


def test_accuracy_at_3_averages_the_textbook_values(lists, relevant):
    got = {r.metric: r for r in published(accuracy(hits_by_user(lists, relevant), ks=[1, 3]), k=3)}
    ndcg = (1 / log2(2) + 1 / log2(4)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4))
    average_precision = (1 / 1 + 2 / 3) / 3
    want = {"recall": 2 / 3 / 2, "ndcg": ndcg / 2, "map": average_precision / 2, "hit_rate": 0.5}
    assert {name: row.value for name, row in got.items()} == pytest.approx(want)
    # two users, hit rates 1 and 0: sample deviation sqrt(1/2), margin 1.96 * sqrt(1/2) / sqrt(2)
    assert got["hit_rate"].high == pytest.approx(0.5 + 1.959964 * 0.5)
    assert {row.n_users for row in got.values()} == {2}


def test_accuracy_at_1_divides_by_what_one_place_can_reach(lists, relevant):
    got = {r.metric: r.value for r in published(accuracy(hits_by_user(lists, relevant), ks=[1, 3]), k=1)}
    assert got == pytest.approx({"recall": 1 / 3 / 2, "ndcg": 0.5, "map": 0.5, "hit_rate": 0.5})


def test_diversity_of_known_shares(lists):
    # nine places: a and b three times each, c twice, d once
    shares = [3 / 9, 3 / 9, 2 / 9, 1 / 9]
    got = {r.metric: r.value for r in published(diversity(lists, ks=[1, 3], n_items=8), k=3)}
    want = {"coverage": 4 / 8, "entropy": -sum(p * log2(p) for p in shares), "simpson": 1 - sum(p * p for p in shares)}
    assert got == pytest.approx(want)


def test_metrics_of_no_lists_are_no_rows(spark, relevant):
    nothing = spark.createDataFrame([], LISTS)
    assert accuracy(hits_by_user(nothing, relevant), ks=[5]).collect() == []
    assert diversity(nothing, ks=[5], n_items=8).collect() == []


def published(measured, k):
    return measured.where(f"list_source = 'published' AND k = {k}").collect()
