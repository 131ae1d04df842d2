import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.behaviour.features import NAMES, TEXT_COLUMNS, goal_shares, source_features
from nightrec.behaviour.folds import calibrated_out_of_fold, out_of_fold
from nightrec.behaviour.model import KINDS, Lesson, Platt, fit, log_loss, platt, sigmoid
from nightrec.behaviour.pairs import Pairs, draw, join
from nightrec.behaviour.rates import Horizon, activity, fit_rates, to_base_rate
from nightrec.histories import Histories
from nightrec.ranker.sources import FAMILY

MET = sp.csr_matrix(np.array([[1, 1, 0, 0, 0], [0, 1, 1, 1, 1]], np.float32))


def test_draw_sets_untouched_items_beside_goals_and_no_more_than_there_are():
    goals = [(0, np.array([0, 1])), (1, np.array([2, 3]))]
    drawn = draw(goals, MET, np.array([5, 5, 1, 0, 9], np.float32), seed=0)
    assert drawn.user_idx.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert sorted(drawn.item_idx[2:4].tolist()) == [2, 4]  # 3 was never taken by anybody
    assert drawn.item_idx[4:].tolist() == [2, 3, 0]  # the second user has touched all but one
    assert drawn.is_goal.tolist() == [True, True, False, False, True, True, False]


def test_draw_follows_popularity():
    goals, met = (
        [(user, np.array([0])) for user in range(500)],
        sp.csr_matrix(np.tile(np.array([[1, 0, 0]], np.float32), (500, 1))),
    )
    drawn = draw(goals, met, np.array([9, 3, 1], np.float32), seed=0)
    assert (drawn.item_idx[~drawn.is_goal] == 1).mean() == pytest.approx(0.75, abs=0.06)


def test_join_orders_by_user_and_finds_each_part_again():
    one, two = (Pairs(np.array(u), np.array(i), np.array(u) > 1) for u, i in (([0, 2], [10, 12]), ([1, 2], [21, 22])))
    joined, went = join([one, two])
    assert joined.user_idx.tolist() == [0, 1, 2, 2]
    assert [joined.item_idx[rows].tolist() for rows in went] == [[10, 12], [21, 22]]


def test_source_features_rank_among_unseen_items_with_ties_in_the_middle():
    scores = {"one": np.array([[5.0, 3.0, 3.0, 1.0]], np.float32)}
    seen = sp.csr_matrix(np.array([[1, 0, 0, 0]], np.float32))
    got = source_features(scores, seen, np.array([0, 0, 0]), np.array([1, 2, 3]))
    assert got[:, 0] == pytest.approx([0, 0, -2 / np.sqrt(2)])  # mean 3, variance (4 + 0 + 0 + 4) / 4
    assert got[:, 1] == pytest.approx(-np.log1p([0.5, 0.5, 2]))


def test_model_without_texts_sees_no_column_of_a_text_source():
    hidden = {NAMES[column] for column in TEXT_COLUMNS}
    assert hidden == {f"{s}_{k}" for s in ("projection", "text", "lexical", "text_last") for k in ("score", "rank")}
    assert len(NAMES) == 2 * len(FAMILY) + 6 + 4


def test_goal_shares_begin_at_the_average():
    rows = Histories(*(np.array(v) for v in ([0, 0], [0, 1], [1, 1], [0, 0], [0, 0], [True, False])), (2, 2))
    users, items = goal_shares(rows)
    assert users.tolist() == [0.5, 0.5]  # one of two, and nothing known of the second
    assert items == pytest.approx([(1 + 2.5) / 6, 2.5 / 6])


def lesson(n_users=200, n_each=6, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_users * n_each, 4)).astype(np.float32)
    is_goal = rng.random(len(features)) < sigmoid(2.0 * features[:, 0])
    return Lesson(features, is_goal, np.repeat(np.arange(n_users) % 3, n_each))


@pytest.mark.parametrize("kind", KINDS)
def test_models_find_what_decides_and_have_not_seen_whom_they_speak_about(kind):
    known = lesson()
    margins, more = out_of_fold(kind, known, Lesson(known.features[:9], known.is_goal[:9], known.fold[:9]), seed=1)
    assert more == pytest.approx(margins[:9])
    log_odds = calibrated_out_of_fold(margins, known.is_goal, known.fold)
    assert log_loss(log_odds, known.is_goal) < 0.55  # a coin has ln 2 = 0.69
    flipped = Lesson(known.features, np.where(known.fold == 0, ~known.is_goal, known.is_goal), known.fold)
    again, _ = out_of_fold(kind, flipped, None, seed=1)
    assert again[known.fold == 0] == pytest.approx(margins[known.fold == 0])
    assert len(fit(kind, known.features, known.is_goal, 1).margins(known.features[:0])) == 0


def test_platt_finds_shift_and_slope_and_leaves_margins_alone_without_outcomes():
    rng = np.random.default_rng(0)
    margins = rng.normal(0, 2, 50_000)
    got = platt(margins, rng.random(50_000) < sigmoid(-1 + 0.5 * margins))
    assert (got.shift, got.slope) == pytest.approx((-1, 0.5), abs=0.05)
    assert platt(margins[:30], np.arange(30) < 9) == Platt(0.0, 1.0)


def test_base_rate_turns_balanced_odds_into_the_share_among_all_items():
    # A model that knows nothing says a half; with 2 goals expected among 100 items each has 2 %.
    assert sigmoid(to_base_rate(np.zeros(1), np.array([2.0]), np.array([100.0]))) == pytest.approx([0.02])
    # Goals of class A are nine times as frequent beside one other each: 0.9 and 0.1 of 1,000 items, half in each class.
    chance = sigmoid(to_base_rate(np.log([9.0, 1 / 9]), np.full(2, 5.0), np.full(2, 1000.0)))
    assert chance == pytest.approx([9 * 0.005 / (0.995 + 9 * 0.005), 0.005 / 9 / (0.995 + 0.005 / 9)])


def test_rates_expect_as_many_goals_as_were_reached():
    rng = np.random.default_rng(0)
    n_rows = rng.integers(1, 60, 300)
    owner = np.repeat(np.arange(300), n_rows)
    ones = np.ones(len(owner))
    rows = Histories(owner, owner * 0, ones, ones, ones, rng.random(len(owner)) < 0.5, (300, 1))
    n_goals, lengths = rng.poisson(0.1 * n_rows), Horizon(30.0, 0.1).lengths(n_rows)
    expected = fit_rates(activity(rows), n_goals, lengths).expected(activity(rows), lengths)
    assert expected.sum() == pytest.approx(n_goals.sum())
    assert np.corrcoef(expected, n_rows)[0, 1] > 0.8


def test_horizon_is_days_or_a_share_of_each_users_next_interactions():
    assert Horizon(30.0, 0.1).lengths(np.array([3, 50])).tolist() == [1, 1]
    assert Horizon(None, 0.1).lengths(np.array([3, 19, 20])).tolist() == [1, 1, 2]
