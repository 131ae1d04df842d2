"""The lesson of a night: candidates of users with held-out goals, their features, and which of them came next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.histories import Floats, Histories, Ints, Mask
from nightrec.next_item import Goals
from nightrec.ranker.candidates import NOBODY, candidates_of
from nightrec.ranker.features import features
from nightrec.ranker.sides import Learnt, user_side
from nightrec.ranker.sources import ItemSide, score_blocks

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class Lesson:
    """What the ranker learns from.

    Attributes:
        goals: `(user_idx, item_idx)` of `U` users.
        candidates: `(U, C)` item_idx, -1 for padding.
        features: `(U, C, F)`.
        relevant: `(U, C)` true at held-out goals.
    """

    goals: Goals
    candidates: Ints
    features: Floats
    relevant: Mask

    @property
    def inside(self) -> Mask:
        """`(U, C)` false at padding."""
        inside: Mask = self.candidates != NOBODY
        return inside

    @property
    def n_relevant(self) -> Ints:
        """`(U,)` number of held-out goals, candidates or not."""
        return np.array([len(wanted) for _, wanted in self.goals])

    def where(self, rows: Ints) -> "Lesson":
        """Keep some users."""
        kept = self.candidates[rows], self.features[rows], self.relevant[rows]
        return Lesson([self.goals[row] for row in rows], *kept)

    def shuffled(self, seed: int) -> "Lesson":
        """Put each user's candidates into a random order, so that equal scores prefer no item."""
        order = np.random.default_rng(seed).permuted(
            np.tile(np.arange(self.candidates.shape[1]), (len(self.goals), 1)), axis=1
        )
        return Lesson(
            self.goals,
            np.take_along_axis(self.candidates, order, axis=1),
            np.take_along_axis(self.features, order[:, :, None], axis=1),
            np.take_along_axis(self.relevant, order, axis=1),
        )


def describe(
    histories: Histories, learnt: Learnt, items: ItemSide, goals: Goals, seen: sp.csr_matrix, sizes: tuple[int, int]
) -> Lesson:
    """Let the sources propose candidates to users with held-out goals.

    Args:
        histories: Rows of the cut.
        learnt: Vectors of the cut.
        items: Item side of the cut.
        goals: `(user_idx, item_idx)` of `U` users.
        seen: `(n_users, n_items)` entries at pairs not to be listed.
        sizes: Candidates of every source, and users scored at once.
    """
    blocks = list(_blocks(histories, learnt, items, goals, seen, sizes))
    width = max(found.shape[1] for found, _, _ in blocks)

    def join(part: int, fill: int) -> np.ndarray:
        rows = [block[part] for block in blocks]
        wide = [((0, 0), (0, width - r.shape[1]), *[(0, 0)] * (r.ndim - 2)) for r in rows]
        return np.concatenate([np.pad(r, w, constant_values=fill) for r, w in zip(rows, wide, strict=True)])

    return Lesson(goals, join(0, NOBODY), join(1, 0), join(2, 0))


def _blocks(
    histories: Histories, learnt: Learnt, items: ItemSide, goals: Goals, seen: sp.csr_matrix, sizes: tuple[int, int]
) -> Iterator[tuple[Ints, Floats, Mask]]:
    k, block_rows = sizes
    for start in range(0, len(goals), block_rows):
        block = goals[start : start + block_rows]
        users = np.array([user for user, _ in block])
        side = user_side(histories, learnt, users)
        scores = score_blocks(side, items)
        found = candidates_of(scores, side, seen[users], k)
        relevant = np.stack([np.isin(row, wanted) for row, (_, wanted) in zip(found, block, strict=True)])
        yield found, features(scores, found, side, items), relevant


def seen_rows(histories: Histories, exclude_seen_days: int | None) -> sp.csr_matrix:
    """Return `(n_users, n_items)` what the domain's rule would have hidden at the end of these rows."""
    age = (histories.last_at.max(initial=0) - histories.last_at) / SECONDS_PER_DAY
    hidden = np.full(len(age), True) if exclude_seen_days is None else age < exclude_seen_days
    pairs = histories.user_idx[hidden], histories.item_idx[hidden]
    return sp.csr_matrix((np.ones(hidden.sum(), np.float32), pairs), histories.shape)


def listable(goals: Goals, seen: sp.csr_matrix) -> Goals:
    """Leave out goals that no list could have shown, `seen` as for `describe`, and users without any other."""
    left = [(user, items[np.isin(items, seen[user].indices, invert=True)]) for user, items in goals]
    return [(user, items) for user, items in left if len(items)]
