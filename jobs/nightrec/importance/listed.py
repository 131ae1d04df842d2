"""How much each feature contributes to the scores of the items that are listed."""

from collections.abc import Sequence

import numpy as np

from nightrec.histories import Mask
from nightrec.importance.gains import Wide
from nightrec.importance.slices import Slice
from nightrec.ranker.choose import Ranker
from nightrec.ranker.contributions import contributions
from nightrec.ranker.describe import Lesson


def listed_shares(ranker: Ranker, lesson: Lesson, nobody_met: Mask, slices: Sequence[Slice], top_n: int) -> Wide:
    """Average the absolute Shapley values of the rows that the ranker lists.

    Args:
        ranker: The one that orders tonight's lists.
        lesson: Of `U` users.
        nobody_met: `(U, C)` candidates that nobody had met.
        slices: Which listed candidates count.
        top_n: Length of a list.

    Returns:
        `(F, S, U)` mean over the listed candidates of each user, in the unit of the scores; NaN for users without any.
    """
    inside = lesson.inside
    scores = np.where(inside, ranker.listed_scores(lesson.features, inside, nobody_met), -np.inf)
    listed = np.argsort(-scores, axis=1, kind="stable")[:, :top_n]
    wanted = np.zeros_like(inside)
    np.put_along_axis(wanted, listed, True, axis=1)
    shares = np.abs(contributions(ranker, lesson.features, inside, wanted))
    shares = np.take_along_axis(shares, listed[:, :, None], axis=1)
    out = []
    for part in slices:
        counted = np.take_along_axis(part.inside, listed, axis=1)
        n = counted.sum(axis=1)[:, None].astype(np.float64)
        sums = shares.sum(axis=1, where=counted[:, :, None], dtype=np.float64)
        out.append(np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0))
    return np.stack(out).transpose(2, 0, 1)
