"""Shapley values of whole sources: how the NDCG@10 of the lists is shared among the families that they rest on."""

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np

from nightrec.importance.gains import Score, Wide, slice_gains
from nightrec.importance.slices import Slice
from nightrec.ranker.describe import Lesson
from nightrec.ranker.sources import FAMILY

REST = "context"
COUNTS = "item_users_"
"""Users of an item in a window are its popularity, though no source proposes by them."""


def family_columns(names: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns of each family; what belongs to no source, such as ages and lengths, is `context`."""
    columns: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        family = "popularity" if name.startswith(COUNTS) else FAMILY.get(name.rpartition("_")[0], REST)
        columns.setdefault(family, []).append(column)
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
    inside, n = lesson.inside, len(families)
    means = lesson.features.sum(axis=1, where=inside[:, :, None]) / np.maximum(inside.sum(axis=1), 1)[:, None]
    neutral = means[:, None, :].astype(np.float32)
    columns = np.zeros((n, lesson.features.shape[2]), np.bool_)
    for place, wanted in enumerate(families.values()):
        columns[place, list(wanted)] = True
    gains = []
    for coalition in range(2**n):
        kept = columns[[place for place in range(n) if coalition >> place & 1]].any(axis=0)
        features = np.where(kept, lesson.features, neutral)
        gains.append(slice_gains(score(features, inside), inside, slices))
    return np.stack([_share(place, n, gains) for place in range(n)])


def _share(place: int, n: int, gains: Sequence[Wide]) -> Wide:
    """Weigh what a family adds to each coalition without it; bit `place` of a coalition's number marks the family."""
    share = np.zeros_like(gains[0])
    for coalition in range(2**n):
        if not coalition >> place & 1:
            size = coalition.bit_count()
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            share += weight * (gains[coalition | 1 << place] - gains[coalition])
    return share
