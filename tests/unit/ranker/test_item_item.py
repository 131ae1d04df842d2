import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.ranker.item_item import ItemItemPlan, item_neighbours, keep_best, pair_counts, places_from_newest
from nightrec.ranker.sources import recency_weights

USERS = np.array([0, 0, 0, 1, 1])
ITEMS = np.array([0, 1, 2, 0, 1])
ONES = np.ones(5, dtype=np.float32)


def test_pairs_count_by_gap_and_direction():
    plan = ItemItemPlan(reach=2, gap_power=1.0, length_power=0.0, forward=0.75)
    counts = pair_counts(np.arange(5), USERS, ITEMS, ONES, 3, plan).toarray()
    # 0 -> 1 twice at gap 1; 1 -> 2 once at gap 1; 0 -> 2 once at gap 2 and so worth a half.
    forward = np.array([[0, 2, 0.5], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_allclose(counts, 0.75 * forward + 0.25 * forward.T)


def test_pairs_never_cross_users_and_respect_reach():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=0.0, forward=1.0)
    counts = pair_counts(np.arange(5), USERS, ITEMS, ONES, 3, plan).toarray()
    assert counts[0, 2] == 0
    assert counts[2, 0] == 0
    assert counts.sum() == 3


def test_long_histories_count_less():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=1.0, forward=1.0)
    counts = pair_counts(np.arange(5), USERS, ITEMS, ONES, 3, plan).toarray()
    assert counts[0, 1] == pytest.approx(1 / 3 + 1 / 2)


def test_a_pair_is_worth_the_product_of_its_weights():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=0.0, forward=1.0)
    weight = np.array([2, 3], dtype=np.float32)
    assert pair_counts(np.arange(2), np.array([0, 0]), np.array([0, 1]), weight, 2, plan).toarray()[0, 1] == 6


def test_neighbours_divide_by_shrunk_totals():
    plan = ItemItemPlan(gap_power=0.0, length_power=0.0, forward=1.0, shrink=1.0, target_power=0.25)
    scaled = item_neighbours(np.array([0, 0]), np.array([0, 1]), np.array([3, 15], dtype=np.float32), 2, plan)
    np.testing.assert_allclose(scaled.toarray(), [[0, 45 / (4**0.75 * 16**0.25)], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("block", [1, 7, 1000])
def test_blocks_of_any_size_give_what_all_pairs_at_once_give(block, monkeypatch):
    rng, n_items = np.random.default_rng(0), 40
    lengths = rng.integers(1, 20, 60)
    user_idx = np.repeat(np.arange(60), lengths)
    # Item 0 is in every history, more rows than a block of 7 holds; items 38 and 39 are in none.
    item_idx = np.concatenate([rng.permutation(np.r_[0, 1 + rng.permutation(37)[: n - 1]]) for n in lengths])
    weight = rng.random(len(item_idx)).astype(np.float32)
    plan = ItemItemPlan(reach=6, neighbours=n_items)
    total = np.bincount(item_idx, weights=weight, minlength=n_items) + plan.shrink
    expected = np.zeros((n_items, n_items))
    for a in range(len(item_idx)):
        for b in range(a + 1, min(a + 7, len(item_idx))):
            if user_idx[a] == user_idx[b]:
                worth = weight[a] * weight[b] * (b - a) ** -0.5 * lengths[user_idx[a]] ** -0.2
                expected[item_idx[a], item_idx[b]] += 0.8 * worth
                expected[item_idx[b], item_idx[a]] += 0.2 * worth
    monkeypatch.setattr("nightrec.ranker.item_item.BLOCK", block)

    found = item_neighbours(user_idx, item_idx, weight, n_items, plan)

    np.testing.assert_allclose(found.toarray(), expected / np.sqrt(np.outer(total, total)), rtol=1e-5)


def test_no_history_gives_no_neighbours():
    nobody = np.array([], dtype=np.int64)
    assert item_neighbours(nobody, nobody, nobody.astype(np.float32), 3, ItemItemPlan()).nnz == 0


def test_keep_best_prefers_the_lower_column_in_a_tie():
    kept = keep_best(sp.csr_matrix(np.array([[1.0, 3.0, 1.0, 2.0], [0.0, 0.0, 0.0, 5.0]])), 3)
    np.testing.assert_array_equal(kept.toarray(), [[1, 3, 0, 2], [0, 0, 0, 5]])


def test_weights_fade_with_the_place_from_the_newest():
    faded = recency_weights(ONES, places_from_newest(USERS), 1.0)
    np.testing.assert_allclose(faded, [1 / 3, 1 / 2, 1, 1 / 2, 1])
