import numpy as np
import pytest

from nightrec.behaviour.metrics import bins, calibration_error, paired_intervals, summary, weighted_auc

CHANCE = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
IS_GOAL = np.array([True, True, False, True, False, False])


def test_summary_counts_a_half_or_more_as_yes():
    got = summary(CHANCE, IS_GOAL)
    assert [got[f"{name}s"] for name in ("true_positive", "false_positive", "false_negative", "true_negative")] == [
        2, 1, 1, 2,
    ]  # fmt: skip
    assert got["accuracy"] == 4 / 6
    assert got["precision"] == got["recall"] == got["f1"] == pytest.approx(2 / 3)
    assert got["roc_auc"] == 8 / 9  # of nine pairs only 0.4 and 0.6 stand the wrong way round
    assert got["pr_auc"] == pytest.approx((1 / 1 + 2 / 2 + 3 / 4) / 3)
    assert got["precision_at_recall_80"] == 3 / 4
    assert got["brier"] == pytest.approx((0.01 + 0.04 + 0.36 + 0.36 + 0.09 + 0.01) / 6)


def test_calibration_error_is_the_mean_gap_of_bins_by_their_rows():
    chance, is_goal = np.array([0.05, 0.05, 0.95, 1.0]), np.array([False, True, True, True])
    said, was, n = bins(chance, is_goal)
    assert said == pytest.approx([0.05, 0.975])
    assert was.tolist() == [0.5, 1.0]
    assert n.tolist() == [2, 2]
    assert calibration_error(chance, is_goal) == pytest.approx((0.45 * 2 + 0.025 * 2) / 4)


def test_weighted_auc_equals_repeated_rows_and_halves_ties():
    weight = np.array([2.0, 1.0, 3.0, 1.0, 0.0, 1.0])
    again = np.repeat(np.arange(6), weight.astype(int))
    assert weighted_auc(CHANCE, IS_GOAL, weight) == weighted_auc(CHANCE[again], IS_GOAL[again], np.ones(len(again)))
    assert weighted_auc(np.full(6, 0.5), IS_GOAL, np.ones(6)) == 0.5
    assert np.isnan(weighted_auc(CHANCE[:2], IS_GOAL[:2], np.ones(2)))


def test_paired_intervals_tell_a_better_model_from_an_equal_one():
    rng = np.random.default_rng(0)
    owner, is_goal = np.repeat(np.arange(200), 4), np.tile([True, False], 400)
    good = np.clip(0.5 + 0.3 * (is_goal - 0.5) + rng.normal(0, 0.2, 800), 0, 1)
    noise = rng.random(800)
    first, second, difference = paired_intervals(good, noise, is_goal, owner, seed=0)["roc_auc"]
    assert difference.value == pytest.approx(first.value - second.value)
    assert difference.low > 0.1
    assert first.low < first.value < first.high
    equal = paired_intervals(good, good, is_goal, owner, seed=0)["f1"][2]
    assert (equal.low, equal.value, equal.high) == (0, 0, 0)
