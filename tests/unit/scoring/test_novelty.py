"""Greedy search in a determinantal point process, against determinants."""

from itertools import pairwise

import numpy as np
import pytest

from nightrec.scoring.novelty import LEAST, Novelty


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def test_share_is_what_lies_outside_the_items_above():
    vectors = np.array([[[1, 0], [0.6, 0.8], [0, 1], [0, 0]]], np.float32)
    novelty = Novelty(vectors, n=3, weight=1.0)
    assert np.exp(novelty.gains(np.zeros((1, 4)))) == pytest.approx(np.ones((1, 4)))
    novelty.take(np.array([0]))
    # 1 - 0.6 ** 2 for the second; nothing resembles an item without text.
    assert np.exp(novelty.gains(np.zeros((1, 4)))) == pytest.approx(np.array([[LEAST, 0.64, 1, 1]]))
    novelty.take(np.array([2]))  # both directions of the plane are taken
    assert np.exp(novelty.gains(np.zeros((1, 4)))) == pytest.approx(np.array([[LEAST, LEAST, LEAST, 1]]))


def test_gains_join_relevance_and_share_by_the_weight():
    novelty = Novelty(np.array([[[1, 0], [0.6, 0.8]]], np.float32), n=2, weight=0.25)
    novelty.take(np.array([0]))
    got = novelty.gains(np.array([[2.0, 1.0, 3.0]], np.float32))
    want = [0.75 * 2 + 0.25 * np.log(LEAST), 0.75 * 1 + 0.25 * np.log(0.64), 0.75 * 3 + 0.25 * np.log(LEAST)]
    assert got == pytest.approx(np.array([want]), abs=1e-6)


def test_growth_of_the_determinant_is_the_gain_of_each_pick():
    vectors = unit(np.random.default_rng(0).normal(size=(3, 9, 6)))
    novelty = Novelty(vectors, n=4, weight=1.0)
    listed, summed = [], np.zeros(3)
    for place in range(4):
        picks = np.array([place, 2 * place, 8 - place])
        summed += novelty.gains(np.zeros((3, 9)))[np.arange(3), picks]
        novelty.take(picks)
        listed.append(picks)
        chosen = vectors[np.arange(3)[:, None], np.stack(listed, axis=1)].astype(np.float64)
        assert summed == pytest.approx(np.linalg.slogdet(chosen @ chosen.swapaxes(1, 2))[1], abs=1e-4)


def test_users_do_not_see_each_others_lists_and_nobody_changes_nothing():
    vectors = unit(np.random.default_rng(1).normal(size=(2, 5, 4)))
    both, alone = Novelty(vectors, 2, 0.5), Novelty(vectors[1:], 2, 0.5)
    for first, second in pairwise([-1, 3, 0]):
        both.take(np.array([first, second]))
        alone.take(np.array([second]))
        assert both.gains(np.zeros((2, 5)))[1] == pytest.approx(alone.gains(np.zeros((1, 5)))[0], abs=1e-6)
    idle = Novelty(vectors, 2, 0.5)
    idle.take(np.array([-1, 7]))  # 7 lies after the candidates whose texts are compared
    assert idle.gains(np.zeros((2, 5))).tolist() == np.zeros((2, 5)).tolist()


@pytest.mark.parametrize("length", [1.0, 1.1])  # vectors are of unit length, more or less
def test_lists_longer_than_the_texts_have_directions_stay_finite(length):
    vectors = length * unit(np.random.default_rng(2).normal(size=(1, 60, 2)))
    novelty = Novelty(vectors, n=50, weight=1.0)
    with np.errstate(all="raise"):
        for place in range(50):
            novelty.take(np.array([place]))
    # Two directions are all there is, whatever came later.
    assert novelty.gains(np.zeros((1, 60))) == pytest.approx(np.full((1, 60), np.log(LEAST)), abs=1e-5)
