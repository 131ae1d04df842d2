from dataclasses import replace

import numpy as np
import pytest

from nightrec.ranker import contributions as ranker_contributions
from nightrec.ranker.candidates import NOBODY
from nightrec.ranker.choose import Ranker, RankerPlan, choose_ranker
from nightrec.ranker.contributions import contributions
from nightrec.ranker.describe import Lesson
from nightrec.ranker.linear import Linear
from nightrec.reasons.grounds import by_family, listed_shares

NAMES = ["a_score", "b_score", "age"]


@pytest.fixture(scope="module")
def fitted():
    """Return candidates of 300 users, the last of each is padding, and a ranker with trees."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 12, 3)).astype(np.float32)
    inside = np.arange(12) < np.full((300, 1), 11)
    features[~inside] = 0
    wish = np.where(inside, features[:, :, 0] * features[:, :, 1] + features[:, :, 2], -np.inf)
    relevant = wish == wish.max(axis=1, keepdims=True)
    plan = RankerPlan(min_users_for_trees=100)
    goals = [(user, np.flatnonzero(row)) for user, row in enumerate(relevant)]
    lesson = Lesson(goals, np.where(inside, np.arange(12), NOBODY), features, relevant)
    ranker = choose_ranker(lesson, NAMES, 0, plan)[0]
    return ranker, features, inside


def test_a_weighted_sum_splits_into_weight_times_distance_from_the_mean():
    part = Linear(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([4.0, -1.0]))
    ranker = Ranker(["a_score", "b_score"], [0, 1], part, part, None, part, "linear")
    features = np.array([[[3.0, 5.0], [1.0, 0.0]]], np.float32)
    found = contributions(ranker, features, np.array([[True, True]]))
    assert found.tolist() == [[[4.0, -5.0], [0.0, 0.0]]]  # 4 * (3 - 1) / 2 and -1 * 5


@pytest.mark.parametrize("part", ["fusion", "linear"])
def test_shares_of_a_weighted_sum_add_up_to_the_score(fitted, part):
    ranker, features, inside = fitted
    shares = contributions(replace(ranker, chosen=part), features, inside)
    scores = ranker.parts(features, inside)[part]
    np.testing.assert_allclose(shares.sum(axis=2)[inside], scores[inside], atol=1e-5)
    assert (shares[:, :, 2] == 0).all() == (part == "fusion")  # `age` is no score of a source


def test_shares_of_trees_and_their_average_add_up_to_the_raw_prediction(fitted):
    ranker, features, inside = fitted
    shares = contributions(replace(ranker, chosen="trees"), features, inside)
    raw = ranker.trees.predict(features[inside], raw_score=True)
    base = raw - shares.sum(axis=2)[inside]
    assert shares.std() > 0.01
    np.testing.assert_allclose(base, base[0], atol=1e-5)


def test_shares_of_a_blend_add_up_but_for_a_constant_of_the_user(fitted):
    ranker, features, inside = fitted
    shares = contributions(replace(ranker, chosen="blend"), features, inside)
    rest = ranker.parts(features, inside)["blend"] - shares.sum(axis=2)
    assert np.ptp(rest[:, :11], axis=1).max() < 1e-4


def test_padding_has_no_shares(fitted):
    ranker, features, inside = fitted
    for part in ("fusion", "linear", "trees", "blend"):
        assert (contributions(replace(ranker, chosen=part), features, inside)[~inside] == 0).all()


@pytest.mark.parametrize("part", ["fusion", "linear", "trees", "blend"])
def test_the_rows_that_are_wanted_are_split_as_among_all(fitted, part):
    ranker, features, inside = fitted
    ranker, wanted = replace(ranker, chosen=part), np.arange(12) % 5 == np.full((300, 1), 1)
    found = contributions(ranker, features, inside, wanted)
    np.testing.assert_array_equal(found[wanted & inside], contributions(ranker, features, inside)[wanted & inside])
    assert (found[~wanted] == 0).all()


def test_a_user_whose_candidates_are_all_alike_gets_no_shares_from_a_blend(fitted):
    ranker, features, inside = fitted
    same = np.tile(features[:1, :1], (1, 12, 1))
    found = contributions(replace(ranker, chosen="blend"), same, inside[:1])
    assert (found == 0).all()


@pytest.mark.parametrize("part", ["linear", "trees", "blend"])
def test_only_the_listed_candidates_are_split_for_reasons(fitted, part, monkeypatch):
    ranker, features, inside = fitted
    ranker, names = replace(ranker, chosen=part), ["als_score", "text_score", "age"]
    listed = np.tile([3, 0, NOBODY], (300, 1))
    whole = by_family(contributions(ranker, features, inside), names)
    asked = []

    def spy(model, described, rows):
        asked.append(int(rows.sum()))
        return of_trees(model, described, rows)

    of_trees = ranker_contributions._of_trees
    monkeypatch.setattr(ranker_contributions, "_of_trees", spy)

    found = listed_shares(replace(ranker, names=names), features, inside, listed)

    np.testing.assert_allclose(found[:, :2], whole[:, [3, 0]], atol=1e-6)
    assert not found[:, 2].any()
    assert asked == ([] if part == "linear" else [600])
