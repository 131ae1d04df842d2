from dataclasses import replace

import numpy as np
import pytest

from nightrec.importance.families import family_columns, family_shares
from nightrec.importance.gains import slice_gains
from nightrec.importance.listed import listed_shares
from nightrec.importance.permutation import permutation_drops
from nightrec.importance.slices import Slice, make_slices
from nightrec.ranker.choose import Ranker, list_ndcg
from nightrec.ranker.describe import Lesson
from nightrec.ranker.linear import Linear

SECOND = 1 / np.log2(3)
"""What an item in the second place is worth."""
SILENT = Linear(np.zeros(0), np.ones(0), np.zeros(0))


def lesson_of(features, goals):
    """Return users with candidates 0, 1, ... of whom each wants one."""
    features = np.asarray(features, np.float32)
    n_users, n, _ = features.shape
    relevant = np.arange(n) == np.array(goals)[:, None]
    return Lesson(
        [(k, np.array([goal])) for k, goal in enumerate(goals)], np.tile(np.arange(n), (n_users, 1)), features, relevant
    )


def everything(lesson):
    return make_slices(lesson, np.ones(len(lesson.goals), int), {})


def total(features, inside):
    return features.sum(axis=2)


def test_gains_are_those_of_the_whole_order_slice_by_slice():
    rng = np.random.default_rng(0)
    scores, inside, relevant = (
        rng.normal(size=(30, 25)).astype(np.float32),
        rng.random((30, 25)) < 0.9,
        rng.random((30, 25)) < 0.1,
    )
    n_relevant = relevant.sum(axis=1)
    n_relevant[0] = 0
    found = slice_gains(
        scores, inside, [Slice("x", inside, relevant, n_relevant), Slice("y", inside, relevant, n_relevant + 3)]
    )
    assert np.isnan(found[0, n_relevant == 0]).all()
    rest = n_relevant > 0
    np.testing.assert_allclose(found[0, rest], list_ndcg(scores, inside, relevant, n_relevant)[rest])
    np.testing.assert_allclose(found[1], list_ndcg(scores, inside, relevant, n_relevant + 3))


def test_lists_of_fewer_than_ten_candidates_are_measured():
    part = Slice("all", np.ones((1, 2), bool), np.array([[True, False]]), np.array([1]))
    assert slice_gains(np.array([[1, 2]], np.float32), part.inside, [part])[0, 0] == pytest.approx(SECOND)


def test_padding_is_never_listed():
    part = Slice("all", np.array([[True, False]]), np.array([[True, False]]), np.array([1]))
    assert slice_gains(np.array([[1, 9]], np.float32), part.inside, [part])[0, 0] == 1


def test_shuffling_a_feature_that_is_not_used_costs_nothing_and_the_only_one_costs_the_order():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 20, 2))
    lesson = lesson_of(features, features[:, :, 0].argmax(axis=1))
    drops = permutation_drops(lambda x, inside: x[:, :, 0], lesson, everything(lesson), 0)[:, 0]
    assert (drops[1] == 0).all()
    blind = (1 / np.log2(np.arange(2, 12))).sum() / 20  # each of 20 places is as likely
    assert drops[0].mean() == pytest.approx(1 - blind, abs=0.06)


def test_shuffling_leaves_the_lesson_as_it_was():
    lesson = lesson_of(np.random.default_rng(0).normal(size=(5, 4, 3)), [0] * 5)
    before = lesson.features.copy()
    permutation_drops(total, lesson, everything(lesson), 0)
    np.testing.assert_array_equal(lesson.features, before)


def test_a_first_feature_that_is_the_same_for_all_is_zero_within_the_slice_and_unknown_outside():
    features = np.random.default_rng(0).normal(size=(6, 4, 2))
    features[:, :, 0] = 1
    lesson = lesson_of(features, [0, 1, 2, 3, 0, 1])
    slices = make_slices(lesson, np.ones(6, int), {"first": np.arange(4) == 0})
    drops = permutation_drops(total, lesson, slices, 0)
    np.testing.assert_array_equal(drops[0, 0], np.zeros(6))
    np.testing.assert_array_equal(drops[0, 1], [0, np.nan, np.nan, np.nan, 0, np.nan])
    np.testing.assert_array_equal(np.isnan(drops[0]), np.isnan(drops[1]))


def test_each_feature_belongs_to_one_family():
    names = [
        "item_item_score",
        "item_item_rank",
        "lexical_score",
        "text_last_rank",
        "item_users_30d",
        "item_age_days",
        "item_log_price",
        "price_distance",
        "repeat_weight",
        "repeat_recent_weight",
        "user_history_length",
    ]
    assert family_columns(names) == {
        "item_item": [0, 1], "text": [2, 3], "popularity": [4], "recency": [5], "price": [6, 7],
        "repeat": [8, 9], "context": [10],
    }  # fmt: skip


def test_two_families_that_are_each_enough_share_alike():
    # One user, candidate 1 is wanted. Either feature puts it first, none leaves the order of the candidates: second.
    lesson = lesson_of([[[0, 0], [2, 2]]], [1])
    found = family_shares(total, lesson, everything(lesson), {"a": [0], "b": [1]})[:, 0, 0]
    assert found == pytest.approx([(1 - SECOND) / 2] * 2)


def test_a_family_that_harms_is_below_zero():
    # Alone, b puts the unwanted candidate first, which the blind order does as well; beside a, it undoes a's work.
    lesson = lesson_of([[[0, 3], [2, 0]]], [1])
    found = family_shares(total, lesson, everything(lesson), {"a": [0], "b": [1]})[:, 0, 0]
    # a adds 1 - SECOND alone and nothing to b; b adds nothing alone and takes 1 - SECOND from a
    assert found == pytest.approx([(1 - SECOND) / 2, -(1 - SECOND) / 2])


def test_shares_of_families_add_up_to_the_gain_of_all_over_none():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 15, 5))
    lesson = lesson_of(features, (features[:, :, 0] * features[:, :, 1] + features[:, :, 4]).argmax(axis=1))
    groups = {"even": np.arange(15) % 2 == 0}
    slices = make_slices(lesson, np.arange(60), groups)

    def score(x, inside):
        return (x[:, :, 0] * x[:, :, 1] + x[:, :, 2:].sum(axis=2)).astype(np.float32)

    found = family_shares(score, lesson, slices, {"a": [0], "b": [1, 2], "c": [3], "d": [4]}).sum(axis=0)
    all_of_them = slice_gains(score(lesson.features, lesson.inside), lesson.inside, slices)
    middle = np.broadcast_to(lesson.features.mean(axis=1, keepdims=True), lesson.features.shape)
    none = slice_gains(score(middle, lesson.inside), lesson.inside, slices)
    np.testing.assert_allclose(found, all_of_them - none, atol=1e-9)
    assert np.nanmean(found) > 0.2


def test_a_neutral_family_holds_the_mean_of_the_candidates_without_padding():
    lesson = replace(lesson_of([[[1], [3], [99]]], [1]), candidates=np.array([[0, 1, -1]]))
    seen = []

    def score(features, inside):
        seen.append(features[0, :2, 0].tolist())
        return features[:, :, 0]

    family_shares(score, lesson, everything(lesson), {"a": [0]})
    assert seen == [[2, 2], [1, 3]]  # nobody, then `a`


def test_contributions_are_averaged_over_listed_candidates_of_the_slice():
    part = Linear(np.zeros(2), np.ones(2), np.array([2.0, -1.0]))
    ranker = Ranker(["a_score", "b_score"], [0, 1], part, part, None, SILENT, "linear")
    lesson = lesson_of([[[3, 0], [2, 1], [0, 5]], [[1, 0], [0, 0], [0, 1]]], [0, 0])
    slices = make_slices(lesson, np.ones(2, int), {"second": np.arange(3) == 1, "third": np.arange(3) == 2})
    found = listed_shares(ranker, lesson, np.zeros((2, 3), bool), slices, top_n=2)
    # First user: scores 6, 3, -5, so the first two are listed: |6|, |4| of a and |0|, |-1| of b.
    assert found[:, 0, 0].tolist() == [5.0, 0.5]
    assert found[:, 1, 0].tolist() == [4.0, 1.0]
    assert np.isnan(found[:, 2]).all()  # the third is listed for nobody


def test_padding_counts_in_no_list():
    part = Linear(np.zeros(1), np.ones(1), np.ones(1))
    ranker = Ranker(["a_score"], [0], part, part, None, SILENT, "linear")
    lesson = Lesson(
        [(0, np.array([0]))], np.array([[0, -1]]), np.array([[[4], [0]]], np.float32), np.array([[True, False]])
    )
    assert listed_shares(ranker, lesson, np.zeros((1, 2), bool), everything(lesson), top_n=5)[0, 0].tolist() == [4.0]
