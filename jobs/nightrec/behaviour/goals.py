"""Learn, measure and apply the probability of a goal; NumPy, scikit-learn and LightGBM only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.behaviour.features import NAMES, TEXT_COLUMNS, Night, survey
from nightrec.behaviour.folds import (
    UNCALIBRATED,
    CrossFitted,
    calibrated,
    calibrated_out_of_fold,
    fit_folds,
    out_of_fold,
)
from nightrec.behaviour.lesson import Survey, Users, open_items
from nightrec.behaviour.metrics import Interval, paired_intervals, summary
from nightrec.behaviour.model import KINDS, Lesson, Model, Platt, fit, log_loss, platt, sigmoid
from nightrec.behaviour.pairs import Pairs
from nightrec.behaviour.rates import Horizon, Rates, activity, fit_rates, to_base_rate
from nightrec.histories import Mask

Wide = npt.NDArray[np.float64]
Chances = dict[str, Wide]
Measures = dict[tuple[str, str], dict[str, Interval]]
"""Metrics by negatives and features."""
NOT_TEXT = np.setdiff1d(np.arange(len(NAMES)), TEXT_COLUMNS)


@dataclass(frozen=True)
class GoalModel:
    """What tells tonight's probabilities: learnt beside uniform negatives, moved to the real rate of goals.

    Attributes:
        model: Margins of pairs.
        crossed: The same, fitted on other users than those about whom each speaks.
        calibration: Of the margins, beside as many negatives as goals.
        rates: Goals that a user is expected to reach.
        to_candidates: Of the log-odds at the real rate, on candidates.
        horizon: What is predicted.
    """

    model: Model
    crossed: CrossFitted
    calibration: Platt
    rates: Rates
    to_candidates: Platt
    horizon: Horizon


def learn(seen: Survey, users: Users, horizon: Horizon, seed: int) -> tuple[GoalModel, Measures, dict[str, Chances]]:
    """Choose the kind of model, measure it out of fold, calibrate it on candidates, and fit it on everything.

    Args:
        seen: The cut, of which uniform negatives are usable.
        users: How active users were in the cut, and what followed.
        horizon: What is predicted.
        seed: Of trees and draws.

    Returns:
        The model, its metrics, and by negatives the probabilities that the pictures show.
    """
    lesson, others = seen.lesson("uniform"), seen.of_found()
    chosen, crossed, margins, of_candidates = choose(lesson, others, seed)
    measures, chances = measure(seen, chosen, margins, seed)
    balanced = calibrated_out_of_fold(margins, lesson.is_goal, lesson.fold, (of_candidates, others.fold))
    owner = seen.candidates.user_idx
    log_odds = to_base_rate(balanced, users.expected_out_of_fold(seen.fold)[owner], users.n_open[owner])
    to_candidates = platt(log_odds, others.is_goal)
    chance = sigmoid(calibrated_out_of_fold(log_odds, others.is_goal, others.fold))
    measures["candidates", "all"] = of_candidates_measures(chance, others.is_goal)
    model = fit(chosen, lesson.features, lesson.is_goal, seed)
    rates = fit_rates(users.described[users.looked_at], users.n_goals[users.looked_at], users.lengths[users.looked_at])
    fitted = GoalModel(model, crossed, platt(margins, lesson.is_goal), rates, to_candidates, horizon)
    return fitted, measures, chances


def choose(lesson: Lesson, others: Lesson, seed: int) -> tuple[str, CrossFitted, Wide, Wide]:
    """Return the kind of model that surprises least out of fold, its models, and their margins of lesson and others."""
    raw = {kind: CrossFitted(fit_folds(kind, lesson, seed), UNCALIBRATED) for kind in KINDS}
    margins = {kind: one.log_odds(lesson.features, lesson.fold) for kind, one in raw.items()}
    losses = {
        kind: log_loss(calibrated_out_of_fold(found, lesson.is_goal, lesson.fold), lesson.is_goal)
        for kind, found in margins.items()
    }
    chosen = min(losses, key=lambda kind: losses[kind])
    crossed = calibrated(raw[chosen].models, margins[chosen], lesson)
    return chosen, crossed, margins[chosen], raw[chosen].log_odds(others.features, others.fold)


def measure(seen: Survey, kind: str, margins: Wide, seed: int) -> tuple[Measures, dict[str, Chances]]:
    """Measure the model with and without texts beside each usable kind of negatives, out of fold.

    Args:
        seen: The cut.
        kind: The chosen kind of model.
        margins: Out of fold, of all features beside uniform negatives.
        seed: Of trees and draws.
    """
    measures: Measures = {}
    chances: dict[str, Chances] = {}
    for negatives in seen.usable():
        pairs, chances[negatives] = seen.pairs[negatives], {}
        for name, columns in (("all", None), ("without_text", NOT_TEXT)):
            lesson = seen.lesson(negatives, columns)
            is_known = negatives == "uniform" and columns is None
            found = margins if is_known else out_of_fold(kind, lesson, None, seed)[0]
            chance = sigmoid(calibrated_out_of_fold(found, lesson.is_goal, lesson.fold))
            chances[negatives][name] = chance
            measures[negatives, name] = {key: Interval(value) for key, value in summary(chance, pairs.is_goal).items()}
        compared = paired_intervals(
            chances[negatives]["all"], chances[negatives]["without_text"], pairs.is_goal, pairs.user_idx, seed
        )
        for metric, intervals in compared.items():
            for name, interval in zip(("all", "without_text", "difference"), intervals, strict=True):
                measures.setdefault((negatives, name), {})[metric] = interval
    return measures, chances


def of_candidates_measures(chance: Wide, is_goal: Mask) -> dict[str, Interval]:
    """Return what says whether probabilities of candidates can be added up."""
    found = summary(chance, is_goal)
    kept = {name: found[name] for name in ("roc_auc", "pr_auc", "brier", "ece")}
    totals = {"expected_goals": float(chance.sum()), "observed_goals": float(is_goal.sum())}
    return {name: Interval(value) for name, value in (kept | totals).items()}


def predict(model: GoalModel, night: Night, sizes: tuple[int, int, int]) -> tuple[Pairs, Wide, Wide, Wide]:
    """Tell tonight's probabilities.

    Args:
        model: The fitted model.
        night: What is known of everything.
        sizes: As in `survey`.

    Returns:
        `C` candidates of users with history, their probabilities, and by user the expected goals and the length of the
        horizon, both `(n_users,)`.
    """
    n_rows = np.bincount(night.histories.user_idx, minlength=night.histories.shape[0])
    nothing = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    _, found, described = survey(night, np.flatnonzero(n_rows), nothing, sizes)
    lengths = model.horizon.lengths(n_rows)
    expected = model.rates.expected(activity(night.histories), lengths)
    owner = found.user_idx
    balanced = model.calibration.log_odds(model.model.margins(described))
    log_odds = to_base_rate(balanced, expected[owner], open_items(night.histories)[owner])
    return found, model.to_candidates.probabilities(log_odds), expected, lengths
