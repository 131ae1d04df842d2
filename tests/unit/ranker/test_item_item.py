import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.ranker.item_item import ItemItemPlan, keep_best, neighbours, pair_counts, places_from_newest
from nightrec.ranker.sources import recency_weights

USERS = np.array([0, 0, 0, 1, 1])
ITEMS = np.array([0, 1, 2, 0, 1])
ONES = np.ones(5, dtype=np.float32)


def test_pairs_count_by_gap_and_direction():
    plan = ItemItemPlan(reach=2, gap_power=1.0, length_power=0.0, forward=0.75)
    counts = pair_counts(USERS, ITEMS, ONES, 3, plan).toarray()
    # 0 -> 1 twice at gap 1; 1 -> 2 once at gap 1; 0 -> 2 once at gap 2 and so worth a half.
    forward = np.array([[0, 2, 0.5], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_allclose(counts, 0.75 * forward + 0.25 * forward.T)


def test_pairs_never_cross_users_and_respect_reach():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=0.0, forward=1.0)
    counts = pair_counts(USERS, ITEMS, ONES, 3, plan).toarray()
    assert counts[0, 2] == 0
    assert counts[2, 0] == 0
    assert counts.sum() == 3


def test_long_histories_count_less():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=1.0, forward=1.0)
    counts = pair_counts(USERS, ITEMS, ONES, 3, plan).toarray()
    assert counts[0, 1] == pytest.approx(1 / 3 + 1 / 2)


def test_a_pair_is_worth_the_product_of_its_weights():
    plan = ItemItemPlan(reach=1, gap_power=0.0, length_power=0.0, forward=1.0)
    weight = np.array([2, 3], dtype=np.float32)
    assert pair_counts(np.array([0, 0]), np.array([0, 1]), weight, 2, plan).toarray()[0, 1] == 6


def test_neighbours_divide_by_shrunk_totals():
    counts = sp.csr_matrix(np.array([[0, 8], [0, 0]], dtype=np.float32))
    scaled = neighbours(counts, np.array([3, 15], dtype=np.float32), ItemItemPlan(shrink=1.0, target_power=0.5))
    assert scaled[0, 1] == pytest.approx(8 / (4**0.5 * 16**0.5))


def test_keep_best_prefers_the_lower_column_in_a_tie():
    kept = keep_best(sp.csr_matrix(np.array([[1.0, 3.0, 1.0, 2.0], [0.0, 0.0, 0.0, 5.0]])), 3)
    np.testing.assert_array_equal(kept.toarray(), [[1, 3, 0, 2], [0, 0, 0, 5]])


def test_weights_fade_with_the_place_from_the_newest():
    faded = recency_weights(ONES, places_from_newest(USERS), 1.0)
    np.testing.assert_allclose(faded, [1 / 3, 1 / 2, 1, 1 / 2, 1])
