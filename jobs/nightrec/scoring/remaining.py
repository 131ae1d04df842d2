"""Which candidates may still enter the lists of a block of users, and the cap on categories; NumPy and SciPy only."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from nightrec.ranker.candidates import NOBODY, Ints

Mask = npt.NDArray[np.bool_]


def category_rows(categories: Iterable[tuple[int, str | None]], n_items: int) -> sp.csr_matrix:
    """Read the categories of items.

    Args:
        categories: `item_idx` and names joined with a bar, or None.
        n_items: Number of items.

    Returns:
        `(n_items, K)` a one for each category of an item; equal names are one category.
    """
    numbers: dict[str, int] = {}
    pairs = [
        (item, numbers.setdefault(name, len(numbers)))
        for item, names in categories
        for name in sorted({part.strip() for part in (names or "").split("|")} - {""})
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return sp.csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), (n_items, len(numbers)))


class Remaining:
    """The candidates `(B, C)` of a block that are not listed yet."""

    def __init__(self, items: Ints, categories: sp.csr_matrix | None, cap: int) -> None:
        """Start with empty lists.

        Args:
            items: `(B, C)` item_idx, -1 for padding.
            categories: Result of `category_rows`; None for no cap.
            cap: Items of one category in a list.
        """
        self.left: Mask = items != NOBODY
        self._cap = cap
        self._members = None if categories is None else categories[np.maximum(items, 0).ravel()]
        if self._members is not None:
            self._row = np.repeat(np.arange(items.size), np.diff(self._members.indptr))
            self._counts = np.zeros((len(items), self._members.shape[1]), np.int32)

    def open(self, pool: Mask) -> Mask:
        """Return `(B, C)` those of a pool that are left and keep to the cap; where none does, those least above it."""
        left = self.left & pool
        if self._members is None:
            return left
        fullest = np.zeros(left.size, np.int32)
        np.maximum.at(fullest, self._row, self._counts[self._row // left.shape[1], self._members.indices])
        listed = np.where(left, fullest.reshape(left.shape), np.iinfo(np.int32).max)
        is_open: Mask = left & (listed <= np.maximum(listed.min(axis=1, keepdims=True), self._cap - 1))
        return is_open

    def take(self, picks: Ints) -> None:
        """List one candidate a user; `picks` `(B,)` are columns, -1 for nobody."""
        users = np.flatnonzero(picks != NOBODY)
        self.left[users, picks[users]] = False
        if self._members is not None:
            chosen = self._members[users * self.left.shape[1] + picks[users]]
            self._counts[np.repeat(users, np.diff(chosen.indptr)), chosen.indices] += 1
