from math import log2

import numpy as np
import pytest

from nightrec.encoder.evaluate import ndcg_at_k, recall_at_k, target_ranks
from nightrec.encoder.pairs import HeldOut


def held_out(target, query, seen):
    return HeldOut(np.arange(4), np.array([target]), [np.array(query)], [np.array(seen)])


VECTORS = np.array([[1.0, 0.0], [0.9, 0.1], [0.5, 0.5], [0.0, 1.0]], dtype=np.float32)


def test_target_ranks_leave_out_seen_texts():
    assert target_ranks(VECTORS, held_out(target=2, query=[0], seen=[0])).tolist() == [2]  # behind 1
    assert target_ranks(VECTORS, held_out(target=2, query=[0], seen=[0, 1])).tolist() == [1]


def test_target_ranks_ask_with_the_mean_of_the_query():
    # mean of 0 and 3 is (0.5, 0.5): text 1 and 2 both score 0.5, and the tie counts against the target
    assert target_ranks(VECTORS, held_out(target=2, query=[0, 3], seen=[0, 3])).tolist() == [2]


def test_a_collapsed_model_finds_nothing():
    assert target_ranks(np.ones((4, 2), np.float32), held_out(target=1, query=[0], seen=[0])).tolist() == [3]


def test_ndcg_and_recall_count_ranks_within_k():
    ranks = np.array([1, 3, 10, 11])
    assert ndcg_at_k(ranks) == pytest.approx((1 / log2(2) + 1 / log2(4) + 1 / log2(11)) / 4)
    assert recall_at_k(ranks) == 3 / 4
    assert ndcg_at_k(np.array([])) == recall_at_k(np.array([])) == 0.0
