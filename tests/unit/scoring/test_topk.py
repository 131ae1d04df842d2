import numpy as np
import pytest

from nightrec.scoring.fusion import Part
from nightrec.scoring.topk import best_of_block, strongest_part

NOTHING = (np.array([], dtype=np.int64), np.array([], dtype=np.int64))


def as_lists(best, n_users):
    order = np.lexsort((best.items, -best.scores, best.users))
    return [[int(best.items[k]) for k in order if best.users[k] == user] for user in range(n_users)]


def test_best_of_block_breaks_ties_by_place():
    users = np.array([[1.0]], dtype=np.float32)
    items = np.array([[0.5], [0.9], [0.5], [0.5], [0.1]], dtype=np.float32)
    assert as_lists(best_of_block(users, items, NOTHING, n=3), 1) == [[1, 0, 2]]


def test_best_of_block_leaves_out_hidden_pairs_and_gives_short_lists():
    users = np.eye(2, dtype=np.float32)
    items = np.array([[3.0, 1.0], [2.0, 2.0]], dtype=np.float32)
    hidden = (np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert as_lists(best_of_block(users, items, hidden, n=2), 2) == [[1], []]


@pytest.mark.parametrize("n", [1, 7, 60, 100])
def test_best_of_block_equals_a_full_sort(n):
    rng = np.random.default_rng(0)
    users, items = (rng.integers(-3, 4, (count, 5)).astype(np.float32) for count in (20, 60))
    hidden = (rng.integers(0, 20, 150), rng.integers(0, 60, 150))
    scores = users.astype(np.float64) @ items.T.astype(np.float64)
    scores[hidden] = -np.inf
    want = [[int(i) for i in np.lexsort((np.arange(60), -row)) if row[i] > -np.inf][:n] for row in scores]
    best = best_of_block(users, items, hidden, n)
    assert as_lists(best, 20) == want
    assert best.scores == pytest.approx(scores[best.users, best.items])


def test_strongest_part_names_the_largest_share():
    users = np.array([[1.0, 1.0, 2.0]], dtype=np.float32)
    items = np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9]], dtype=np.float32)
    best = best_of_block(users, items, NOTHING, n=2)
    shares = dict(zip(best.items.tolist(), strongest_part(users, items, best, dims=[2, 1]).tolist(), strict=True))
    assert shares == {0: 0, 1: 1}


def test_part_knows_its_length():
    assert Part("text", 1.0, np.zeros(4), np.zeros((4, 4))).dim == 4
