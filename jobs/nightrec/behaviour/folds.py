"""Let models speak about users whom they have not seen; NumPy only."""

from dataclasses import dataclass

import numpy as np

from nightrec.behaviour.model import N_FOLDS, Lesson, Model, Platt, Wide, fit, platt
from nightrec.histories import Floats, Ints, Mask

UNCALIBRATED = [Platt(0.0, 1.0)] * N_FOLDS


@dataclass(frozen=True)
class CrossFitted:
    """Models that have not seen the users about whom they speak.

    Attributes:
        models: By the fold that each has not seen.
        calibrations: Likewise.
    """

    models: list[Model]
    calibrations: list[Platt]

    def log_odds(self, features: Floats, fold: Ints) -> Wide:
        """Return calibrated log-odds `(n,)` of `(n, F)` features of users in folds `(n,)`."""
        out = np.zeros(len(fold))
        for held, (model, calibration) in enumerate(zip(self.models, self.calibrations, strict=True)):
            out[fold == held] = calibration.log_odds(model.margins(features[fold == held]))
        return out


def out_of_fold(kind: str, lesson: Lesson, others: Lesson | None, seed: int) -> tuple[Wide, Wide]:
    """Let models that have not seen a user speak about this user.

    Args:
        kind: One of `KINDS`.
        lesson: What is learnt from.
        others: More pairs of the same users to speak about, not to learn from.
        seed: Of the trees.

    Returns:
        Margins `(n,)` of the lesson and `(m,)` of the others.
    """
    raw = CrossFitted(fit_folds(kind, lesson, seed), UNCALIBRATED)
    more = np.zeros(0) if others is None else raw.log_odds(others.features, others.fold)
    return raw.log_odds(lesson.features, lesson.fold), more


def fit_folds(kind: str, lesson: Lesson, seed: int) -> list[Model]:
    """Fit one kind of model once for each fold, on all others."""
    learn = [lesson.fold != held for held in range(N_FOLDS)]
    return [fit(kind, lesson.features[rows], lesson.is_goal[rows], seed) for rows in learn]


def calibrated(models: list[Model], margins: Wide, lesson: Lesson) -> CrossFitted:
    """Calibrate the models of each fold by the margins `(n,)` that the others gave out of fold."""
    learn = [lesson.fold != held for held in range(N_FOLDS)]
    return CrossFitted(models, [platt(margins[rows], lesson.is_goal[rows]) for rows in learn])


def calibrated_out_of_fold(margins: Wide, is_goal: Mask, fold: Ints, apply_to: tuple[Wide, Ints] | None = None) -> Wide:
    """Calibrate each fold by the others.

    Args:
        margins: `(n,)` of `out_of_fold`.
        is_goal: `(n,)`.
        fold: `(n,)`.
        apply_to: Margins and folds to calibrate instead of the given ones.

    Returns:
        Log-odds `(n,)`, or as many as `apply_to` has.
    """
    wanted, folds = apply_to or (margins, fold)
    out = np.zeros(len(wanted))
    for held in np.unique(folds):
        known = fold != held
        out[folds == held] = platt(margins[known], is_goal[known]).log_odds(wanted[folds == held])
    return out
