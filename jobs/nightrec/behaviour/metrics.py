"""How good probabilities of yes-or-no outcomes are; NumPy and scikit-learn only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from nightrec.histories import Ints, Mask

Wide = npt.NDArray[np.float64]
N_BINS = 10
N_RESAMPLES = 200
THRESHOLD = 0.5


@dataclass(frozen=True)
class Interval:
    """A value and the ends of its 95 % interval; both None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


def summary(chance: Wide, is_goal: Mask) -> dict[str, float]:
    """Score probabilities against outcomes; a probability of a half or more counts as yes.

    Args:
        chance: `(n,)`.
        is_goal: `(n,)` with both outcomes.

    Returns:
        `accuracy`, `precision`, `recall`, `f1`, `roc_auc`, `pr_auc` (average precision), `brier`, `ece`,
        `precision_at_recall_80`, and the confusion matrix as `true_positives`, `false_positives`, `false_negatives`,
        `true_negatives`.
    """
    said = chance >= THRESHOLD
    yes, wrong = int((said & is_goal).sum()), int((said & ~is_goal).sum())
    missed, no = int((~said & is_goal).sum()), int((~said & ~is_goal).sum())
    return {
        "accuracy": (yes + no) / len(chance),
        "precision": yes / max(yes + wrong, 1),
        "recall": yes / max(yes + missed, 1),
        "f1": 2 * yes / max(2 * yes + wrong + missed, 1),
        "roc_auc": weighted_auc(chance, is_goal, np.ones(len(chance))),
        "pr_auc": float(average_precision_score(is_goal, chance)),
        "precision_at_recall_80": precision_at_recall(chance, is_goal, 0.8),
        "brier": float(((chance - is_goal) ** 2).mean()),
        "ece": calibration_error(chance, is_goal),
        "true_positives": yes,
        "false_positives": wrong,
        "false_negatives": missed,
        "true_negatives": no,
    }


def precision_at_recall(chance: Wide, is_goal: Mask, recall: float) -> float:
    """Return the precision of the shortest list, best first, that holds this share of the goals."""
    found = np.cumsum(is_goal[np.argsort(-chance, kind="stable")])
    place = int(np.searchsorted(found, recall * found[-1]))
    return float(found[place] / (place + 1))


def bins(chance: Wide, is_goal: Mask) -> tuple[Wide, Wide, Wide]:
    """Return mean probability, share of goals and number of rows of ten bins of equal width, empty ones left out."""
    place = np.minimum((chance * N_BINS).astype(int), N_BINS - 1)
    n = np.bincount(place, minlength=N_BINS)
    sums = [np.bincount(place, weights=values, minlength=N_BINS) for values in (chance, is_goal)]
    used = n > 0
    return sums[0][used] / n[used], sums[1][used] / n[used], n[used].astype(np.float64)


def calibration_error(chance: Wide, is_goal: Mask) -> float:
    """Return the expected calibration error over the bins of `bins`. Source: Naeini et al. 2015; Guo et al. 2017."""
    said, was, n = bins(chance, is_goal)
    return float((np.abs(said - was) * n).sum() / n.sum())


def weighted_auc(chance: Wide, is_goal: Mask, weight: Wide) -> float:
    """Return the chance that a goal stands above a non-goal, ties half; rows count by weight; NaN without both."""
    _, place = np.unique(chance, return_inverse=True)
    goals, others = (np.bincount(place, weights=weight * mask) for mask in (is_goal, ~is_goal))
    pairs = goals.sum() * others.sum()
    below = np.cumsum(others) - others
    return float((goals * (below + others / 2)).sum() / pairs) if pairs else float("nan")


def weighted_f1(chance: Wide, is_goal: Mask, weight: Wide) -> float:
    """Return F1 of `chance >= 0.5` where rows count by weight."""
    said = chance >= THRESHOLD
    hits = float(weight[said & is_goal].sum())
    return 2 * hits / max(float(weight[said].sum() + weight[is_goal].sum()), 1e-12)


def paired_intervals(first: Wide, second: Wide, is_goal: Mask, owner: Ints, seed: int) -> dict[str, list[Interval]]:
    """Compare two models on the same pairs by drawing users with replacement.

    Args:
        first: `(n,)` probabilities of one model.
        second: `(n,)` of the other.
        is_goal: `(n,)`.
        owner: `(n,)` the user of each pair; a user's pairs are drawn together, because they are alike.
        seed: Of the draws.

    Returns:
        For `roc_auc` and `f1`: the first's, the second's and the difference's value and percentile interval.
        Source: Efron and Tibshirani 1993, chapter 13, with users as the units.
    """
    rng = np.random.default_rng(seed)
    _, place = np.unique(owner, return_inverse=True)
    n_users = int(place.max()) + 1
    drawn = [np.ones(n_users), *(rng.multinomial(n_users, np.full(n_users, 1 / n_users)) for _ in range(N_RESAMPLES))]
    out = {}
    for name, measure in {"roc_auc": weighted_auc, "f1": weighted_f1}.items():
        both = np.array([[measure(c, is_goal, w[place].astype(float)) for c in (first, second)] for w in drawn])
        columns = np.column_stack([both, both[:, 0] - both[:, 1]])
        low, high = np.nanpercentile(columns[1:], [2.5, 97.5], axis=0)
        out[name] = [Interval(*map(float, ends)) for ends in zip(columns[0], low, high, strict=True)]
    return out
