"""What an item adds to the items above it in a list; NumPy only."""

import numpy as np

from nightrec.ranker.candidates import NOBODY, Floats, Ints

LEAST = 1e-4
"""Smallest share of a vector that counts as new: below it lies rounding, and its logarithm has to stay finite."""


class Novelty:
    """Greedy search for the most probable list of a determinantal point process, for a block of users.

    The gain of an item is `(1 - weight) * relevance + weight * ln(share)`, where the share is what remains of its unit
    vector's squared length outside the span of the items above it. That is the process with the kernel
    `exp(a r_i) <v_i, v_j> exp(a r_j)`, `a = (1 - weight) / (2 * weight)`. Maximal marginal relevance (Carbonell and
    Goldstein 1998) looks at the nearest item above alone; this looks at all of them, at the same cost.
    Source: Chen, Zhang and Zhou 2018, arXiv:1709.05135, algorithm 1.
    """

    def __init__(self, vectors: Floats, n: int, weight: float) -> None:
        """Start with empty lists.

        Args:
            vectors: `(B, M, D)` unit vectors of the best M candidates; one of zeros resembles nothing.
            n: Length of the lists.
            weight: 0 to 1.
        """
        self._vectors, self._weight = vectors, weight
        self._share: Floats = np.ones(vectors.shape[:2], np.float32)
        self._along: Floats = np.zeros(
            (*vectors.shape[:2], n), np.float32
        )  # (B, M, places): rows of the Cholesky factor
        self._place = 0

    def gains(self, relevance: Floats) -> Floats:
        """Return `(B, C)` the gain of each candidate; those after the best M count as if nothing were new in them.

        Args:
            relevance: `(B, C)`, comparable within a row.
        """
        share: Floats = np.full(relevance.shape, LEAST, np.float32)
        share[:, : self._share.shape[1]] = np.maximum(self._share, LEAST)
        joined: Floats = ((1 - self._weight) * relevance + self._weight * np.log(share)).astype(np.float32)
        return joined

    def take(self, picks: Ints) -> None:
        """List one candidate a user; `picks` `(B,)` are columns, -1 for nobody."""
        is_known = (picks != NOBODY) & (picks < self._share.shape[1])
        users, column = np.arange(len(picks)), np.where(is_known, picks, 0)
        alike = (self._vectors @ self._vectors[users, column][:, :, None])[:, :, 0]  # (B, M)
        before = self._along[:, :, : self._place]
        explained = (before @ before[users, column][:, :, None])[:, :, 0]
        share = self._share[users, column][:, None]
        # An item without anything new changes nothing; divided by its length, rounding would grow with every place.
        is_new = is_known[:, None] & (share > LEAST)
        step = np.where(is_new, (alike - explained) / np.sqrt(np.maximum(share, LEAST)), 0)
        self._along[:, :, self._place] = step
        self._share -= step**2
        self._place += 1
