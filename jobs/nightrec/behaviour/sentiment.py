"""Whether a review is positive, from the language model's vector of it; NumPy and scikit-learn only."""

import numpy as np
import numpy.typing as npt

from nightrec.behaviour.folds import out_of_fold
from nightrec.behaviour.metrics import Interval, summary
from nightrec.behaviour.model import MIN_TO_CALIBRATE, N_FOLDS, Lesson, fit, sigmoid
from nightrec.histories import Floats, Mask

Wide = npt.NDArray[np.float64]
POSITIVE = (
    "I love it, it works perfectly and I would buy it again.",
    "Excellent quality, I am very happy with it.",
    "非常喜欢，质量很好，会再次购买。",
    "很满意，推荐给大家。",
)
NEGATIVE = (
    "I hate it, it broke and I want my money back.",
    "Terrible quality, I am very disappointed.",
    "非常失望，质量很差，想退货。",
    "不满意，不推荐购买。",
)
TEMPERATURE = 0.05
"""How far apart likeness to either side must be to count, as in contrastive training."""


def verdicts(stars: Wide) -> tuple[Mask, Mask]:
    """Tell which ratings are positive and which say anything clear, by the scale that the shop's ratings span.

    The outermost hundredth at either end does not stretch the scale: one 50 for a 5 would make every 5 a low rating.

    Args:
        stars: `(n,)`, NaN where there are none.

    Returns:
        `(n,)` whether in the upper quarter of the scale, and `(n,)` whether in the upper or lower quarter.
    """
    rated = stars[~np.isnan(stars)]
    low, high = np.quantile(rated, [0.01, 0.99], method="nearest") if len(rated) else (0.0, 0.0)
    if low == high:
        return np.zeros(len(stars), np.bool_), np.zeros(len(stars), np.bool_)
    share = (stars - low) / (high - low)
    return share >= 0.75, (share >= 0.75) | (share <= 0.25)


def fitted(rated: Lesson, vectors: Floats) -> tuple[Wide, dict[str, Interval]]:
    """Learn from reviews with stars and read all reviews.

    Args:
        rated: Vectors of clear reviews, whether they are positive, and the fold of their author.
        vectors: `(n, dim)` of the reviews to read.

    Returns:
        `(n,)` probabilities of being positive, and the metrics out of fold by users.
    """
    margins, _ = out_of_fold("logistic", rated, None, seed=0)
    measures = {name: Interval(value) for name, value in summary(sigmoid(margins), rated.is_goal).items()}
    return sigmoid(fit("logistic", rated.features, rated.is_goal, seed=0).margins(vectors)), measures


def is_enough(rated: Lesson, min_reviews: int) -> bool:
    """Tell whether stars can be learnt from: enough reviews, with some of either kind beside every fold."""
    lessons = [np.bincount(rated.is_goal[rated.fold != fold] * 1, minlength=2) for fold in range(N_FOLDS)]
    return len(rated.fold) >= min_reviews and min(int(kinds.min()) for kinds in lessons) >= MIN_TO_CALIBRATE


def zero_shot(vectors: Floats, positive: Floats, negative: Floats) -> Wide:
    """Return `(n,)` in 0 to 1 how much more unit vectors `(n, dim)` are like the positive sentences."""
    margin = (vectors @ positive.T).mean(axis=1) - (vectors @ negative.T).mean(axis=1)
    return sigmoid(margin.astype(np.float64) / TEMPERATURE)
