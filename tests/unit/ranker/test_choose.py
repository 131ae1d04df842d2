import numpy as np
import pytest

from nightrec.ranker.choose import (
    RankerPlan,
    choose_ranker,
    equal_fusion,
    list_ndcg,
    reordered,
    row_standardised,
    unmet_columns,
)
from nightrec.ranker.describe import Lesson
from nightrec.ranker.features import feature_names
from nightrec.ranker.sources import FAMILY


def test_ndcg_of_places_one_and_three():
    scores = np.array([[3.0, 2.0, 1.0]], np.float32)
    found = list_ndcg(scores, np.ones((1, 3), bool), np.array([[True, False, True]]), np.array([2]))
    assert found[0] == pytest.approx((1 + 1 / 2) / (1 + 1 / np.log2(3)))


def test_relevant_items_outside_the_candidates_count_as_missed():
    found = list_ndcg(np.ones((1, 1), np.float32), np.ones((1, 1), bool), np.ones((1, 1), bool), np.array([2]))
    assert found[0] == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_row_z_scores_leave_padding_out():
    z = row_standardised(np.array([[1, 3, 99]], np.float32), np.array([[True, True, False]]))
    np.testing.assert_allclose(z, [[-1, 1, 0]])


def test_some_share_their_scores_out_among_them_in_another_order():
    scores = np.array([[9, 7, 5, 3], [4, 3, 2, 1]], np.float32)
    some = np.array([[False, True, True, True], [False, True, False, False]])
    by = np.array([[0, 1, 3, 2], [0, 9, 9, 9]], np.float32)
    np.testing.assert_array_equal(reordered(scores, some, by), [[9, 3, 7, 5], [4, 3, 2, 1]])


def test_items_that_nobody_met_keep_their_places_in_an_order_of_their_own():
    names = ["popularity_score", "lexical_score"]
    # Sums of both scores: 9, 7, 5, 3; of the last three, which nobody met, the last has the best text.
    features = np.array([[[9, 0], [6, 1], [3, 2], [0, 3]]], np.float32)
    inside, nobody_met = np.ones((1, 4), bool), np.array([[False, True, True, True]])
    scores = equal_fusion(names).listed_scores(features, inside, nobody_met)
    np.testing.assert_array_equal(scores, [[9, 3, 5, 7]])


def test_only_what_reads_texts_orders_items_that_nobody_met():
    names = feature_names(FAMILY)
    assert {names[column] for column in unmet_columns(names)} == {
        "sequence_score", "projection_score", "text_score", "lexical_score", "text_last_score",
    }  # fmt: skip


def lesson_of(features, relevant):
    """Return a lesson whose candidates are the same items for all."""
    candidates = np.tile(np.arange(features.shape[1]), (len(features), 1))
    return Lesson([(user, np.flatnonzero(row)) for user, row in enumerate(relevant)], candidates, features, relevant)


def problem(n_users):
    """The choice hangs on both features being of one sign, which no weighted sum can say."""
    features = np.random.default_rng(1).normal(size=(n_users, 20, 2)).astype(np.float32)
    product = features[:, :, 0] * features[:, :, 1]
    return lesson_of(features, product == product.max(axis=1, keepdims=True))


def test_trees_win_where_features_interact():
    lesson = problem(1200)
    ranker, report, _ = choose_ranker(lesson, ["a_score", "b_score"], 0, RankerPlan(min_users_for_trees=1000))
    assert ranker.chosen in ("trees", "blend")
    assert report["trees"] > 1.4 * report["linear"]
    asked = lesson.features, lesson.inside
    np.testing.assert_array_equal(ranker.scores(*asked), ranker.parts(*asked)[ranker.chosen])


def test_small_nights_try_no_trees_and_repeat_exactly():
    found = [choose_ranker(problem(60), ["a_score", "b_score"], 0, RankerPlan()) for _ in range(2)]
    assert found[0][0].trees is None
    assert found[0][1] == found[1][1]


def test_chance_among_few_users_does_not_leave_features_out():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(60, 20, 2)).astype(np.float32)  # `age` tells nothing, so the score alone looks better
    utility = features[:, :, 0] + rng.gumbel(size=(60, 20))
    lesson = lesson_of(features, utility == utility.max(axis=1, keepdims=True))
    ranker, report, crossed = choose_ranker(lesson, ["a_score", "item_age_days"], 0, RankerPlan(ridge=0.1))
    assert report["fusion"] > report["linear"]
    assert {ranker.chosen, *(other.chosen for other in crossed.rankers)} == {"linear"}


def test_users_are_scored_by_a_ranker_that_did_not_learn_from_them():
    lesson = problem(60)
    how = ["a_score", "b_score"], 0, RankerPlan()
    ranker, report, crossed = choose_ranker(lesson, *how)
    scores = crossed.listed_scores(lesson.features, lesson.inside, np.zeros_like(lesson.inside))
    assert list_ndcg(scores, lesson.inside, lesson.relevant, np.ones(60, int)).mean() == report[ranker.chosen]
    for held, other in enumerate(crossed.rankers):
        row = crossed.fold == held
        parts = other.parts(lesson.features[row], lesson.inside[row])
        np.testing.assert_array_equal(scores[row], parts[ranker.chosen])
        assert 0 < row.sum() < 60
    changed = lesson.relevant.copy()
    changed[crossed.fold == 0] = np.roll(changed[crossed.fold == 0], 1, axis=1)
    again = choose_ranker(lesson_of(lesson.features, changed), *how)[2]
    assert again.rankers[0].linear.weights.tolist() == crossed.rankers[0].linear.weights.tolist()
