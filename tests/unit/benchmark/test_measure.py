import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.benchmark.lists import LENGTH
from nightrec.benchmark.measure import accuracy, bootstrap, diversity, spread

LOG2 = np.log2


def lists(*rows):
    return np.array([list(row) + [-1] * (LENGTH - len(row)) for row in rows])


def relevant(n_items, *rows):
    out = np.zeros((len(rows), n_items), np.float32)
    for user, found in enumerate(rows):
        out[user, list(found)] = 1
    return sp.csr_matrix(out)


def test_accuracy_of_one_user_by_hand():
    got = accuracy(lists([7, 3, 9, 5, 1, 2]), relevant(10, [3, 2, 8]))  # hits at places 2 and 6
    assert got["recall@5"][0] == pytest.approx(1 / 3)
    assert got["recall@10"][0] == pytest.approx(2 / 3)
    ideal = 1 + 1 / LOG2(3) + 1 / LOG2(4)
    assert got["ndcg@5"][0] == pytest.approx(1 / LOG2(3) / ideal)
    assert got["ndcg@10"][0] == pytest.approx((1 / LOG2(3) + 1 / LOG2(7)) / ideal)
    assert got["mrr@10"][0] == pytest.approx(1 / 2)


def test_full_list_of_relevant_items_is_perfect_at_every_length():
    got = accuracy(lists(range(20)), relevant(30, range(20)))
    assert [got[f"ndcg@{k}"][0] for k in (5, 10, 20)] == pytest.approx([1, 1, 1])
    assert got["recall@5"][0] == pytest.approx(5 / 20)


def test_users_without_anything_to_find_are_no_zeros():
    assert all(np.isnan(values[0]) for values in accuracy(lists([1]), relevant(3, [])).values())


def test_empty_places_never_hit():
    assert accuracy(lists([]), relevant(3, [0, 2]))["recall@20"][0] == 0


def test_accuracy_agrees_with_the_columns_that_a_night_uses(spark):
    from nightrec.evaluation.metrics import accuracy as by_spark
    from nightrec.evaluation.metrics import hits_by_user

    rng = np.random.default_rng(0)
    shown, wanted = [rng.permutation(30)[:20] for _ in range(9)], [rng.permutation(30)[: 1 + k] for k in range(9)]
    got = accuracy(np.stack(shown), relevant(30, *wanted))
    listed = [("x", f"u{u}", int(i), r + 1) for u, row in enumerate(shown) for r, i in enumerate(row)]
    truth = [(f"u{u}", int(i)) for u, row in enumerate(wanted) for i in row]
    hits = hits_by_user(
        spark.createDataFrame(listed, "list_source string, user_id string, item_id int, rank int"),
        spark.createDataFrame(truth, "user_id string, item_id int"),
    )
    for row in by_spark(hits, [5, 10]).where("metric in ('recall', 'ndcg')").collect():
        assert got[f"{row.metric}@{row.k}"].mean() == pytest.approx(row.value), row.metric


def test_spread_of_equal_shares_and_of_one_item():
    even, same = spread(lists([0, 1], [2, 3]), 4, 10), spread(lists([0], [0]), 4, 10)
    assert even == pytest.approx({"coverage": 1.0, "gini": 0.0, "entropy": 2.0, "simpson": 3 / 4})
    # One of four items has everything: (2 * 4 - 4 - 1) * 2 / (4 * 2).
    assert same == pytest.approx({"coverage": 1 / 4, "gini": 3 / 4, "entropy": 0.0, "simpson": 0.0})


def test_spread_of_no_lists_is_nothing():
    assert set(spread(lists([]), 4, 10).values()) == {0.0}


def test_diversity_is_one_less_the_mean_cosine_and_leaves_out_what_has_no_text():
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32)
    assert diversity(lists([0, 1]), vectors, 10) == pytest.approx(1)
    assert diversity(lists([0, 2, 3]), vectors, 10) == pytest.approx(0)
    assert diversity(lists([0, 1, 2]), vectors, 10) == pytest.approx(1 - 1 / 3)
    assert diversity(lists([0, 1, 2]), vectors, 2) == pytest.approx(1)
    assert np.isnan(diversity(lists([3]), vectors, 10))


def test_bootstrap_pairs_users():
    rng = np.random.default_rng(0)
    theirs = rng.random(200)
    constant = bootstrap(theirs + 0.1, theirs)
    assert (constant.difference, constant.low, constant.high) == pytest.approx((0.1, 0.1, 0.1))
    noisy = bootstrap(theirs + rng.normal(0, 0.1, 200), theirs)
    assert noisy.low < 0 < noisy.high
    assert noisy.high - noisy.low == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(200), rel=0.15)


def test_bootstrap_repeats_and_leaves_out_unmeasured_users():
    values = np.array([1.0, np.nan, 0.0, 1.0])
    assert bootstrap(values, np.zeros(4)) == bootstrap(values, np.zeros(4))
    assert bootstrap(values, np.zeros(4)).difference == pytest.approx(2 / 3)
