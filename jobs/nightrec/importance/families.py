"""Shapley values of whole sources: how the NDCG@10 of the lists is shared among the families that they rest on."""

from collections.abc import Callable, Mapping, Sequence
from math import factorial

import numpy as np

from nightrec.histories import Floats
from nightrec.importance.gains import Score, Wide, slice_gains
from nightrec.importance.slices import Slice
from nightrec.ranker.describe import Lesson
from nightrec.ranker.features import family_of


def family_columns(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns of each family."""
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        columns.setdefault(family_of(name), []).append(column)
    return columns


def family_shares(score: Score, lesson: Lesson, slices: Sequence[Slice], families: Mapping[str, Sequence[int]]) -> Wide:
    """Share the NDCG@10 among the families (Shapley 1953), over all coalitions and so exactly.

    A family outside a coalition says nothing: its columns hold the mean of the user's candidates, which moves none of
    them. The model is not fitted again, so this is the worth of a family to this model, not to the best one without it.

    Args:
        score: The model, not fitted on these users.
        lesson: Of `U` users, candidates in random order: without any family the lists are drawn blindly.
        slices: What counts.
        families: `n` of them with their columns.

    Returns:
        `(n, S, U)`; the sum over families is the gain of all over none. NaN for users outside the slice.
    """
    inside = lesson.inside
    means = lesson.features.sum(axis=1, where=inside[:, :, None]) / np.maximum(inside.sum(axis=1), 1)[:, None]
    neutral = means[:, None, :].astype(np.float32)

    def worth(columns: list[int]) -> Wide:
        kept = np.isin(np.arange(lesson.features.shape[2]), columns)
        return slice_gains(score(np.where(kept, lesson.features, neutral), inside), inside, slices)

    moves = spreads(lesson) > 0
    return shapley(worth, [list(columns) if moves[columns].any() else [] for columns in families.values()])


def spreads(lesson: Lesson) -> Floats:
    """Return `(F,)` the furthest that two candidates of one user lie apart in each feature."""
    inside = lesson.inside[:, :, None]
    highest = lesson.features.max(axis=1, where=inside, initial=-np.inf)
    apart: Floats = highest - lesson.features.min(axis=1, where=inside, initial=np.inf)
    return np.asarray(apart.max(axis=0))


def shapley(worth: Callable[[list[int]], Wide], families: Sequence[list[int]]) -> Wide:
    """Share what all families are worth among them, over all coalitions and so exactly.

    Source: Shapley 1953, "A value for n-person games".

    Args:
        worth: What some columns are worth together, an array of any shape.
        families: `n` lists of columns; an empty one adds nothing and doubles no work.

    Returns:
        `(n, ...)`, in the shape of the worth; the sum over families is the worth of all less that of none.
    """
    players = [place for place, columns in enumerate(families) if columns]
    n, gains = len(players), []
    for coalition in range(2 ** len(players)):
        members = [families[player] for bit, player in enumerate(players) if coalition >> bit & 1]
        gains.append(worth([column for columns in members for column in columns]))
    shares = np.stack([gains[0] * 0] * len(families))
    for bit, player in enumerate(players):
        shares[player] = _share(bit, n, gains)
    return shares


def _share(place: int, n: int, gains: Sequence[Wide]) -> Wide:
    """Weigh what a family adds to each coalition without it; bit `place` of a coalition's number marks the family."""
    share = np.zeros_like(gains[0])
    for coalition in range(2**n):
        if not coalition >> place & 1:
            size = coalition.bit_count()
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            share += weight * (gains[coalition | 1 << place] - gains[coalition])
    return share
