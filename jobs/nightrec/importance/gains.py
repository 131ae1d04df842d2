"""NDCG@10 of every slice from one ordering of the candidates; NumPy only."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from nightrec.histories import Floats, Mask
from nightrec.importance.slices import Slice
from nightrec.ranker.choose import list_ndcg

Wide = npt.NDArray[np.float64]
Score = Callable[[Floats, Mask], Floats]
"""Turns features `(U, C, F)` and `(U, C)`, false at padding, into scores `(U, C)`."""
K = 10


def slice_gains(scores: Floats, inside: Mask, slices: Sequence[Slice]) -> Wide:
    """Return `(S, U)` NDCG@10 where only the goals of the slice count; NaN for users without any.

    Args:
        scores: `(U, C)`.
        inside: `(U, C)` false at padding.
        slices: What counts.
    """
    behind = np.where(inside, -scores, np.inf)
    # Only the best ones are put into order: sorting all candidates would take most of the time.
    best = np.argpartition(behind, min(K, behind.shape[1]) - 1, axis=1)[:, :K]
    order = np.take_along_axis(best, np.argsort(np.take_along_axis(behind, best, axis=1), axis=1), axis=1)
    first, shown = np.take_along_axis(scores, order, axis=1), np.take_along_axis(inside, order, axis=1)
    gains = [
        list_ndcg(first, shown, np.take_along_axis(part.relevant, order, axis=1), part.n_relevant, K) for part in slices
    ]
    return np.where(np.stack([part.n_relevant for part in slices]) > 0, gains, np.nan)
