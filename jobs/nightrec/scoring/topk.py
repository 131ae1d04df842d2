"""Exact best items of a block of users among a block of items; NumPy only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.scoring.fusion import Matrix

QUANTUM = 1e-6
HIDDEN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Best:
    """Parallel arrays, one entry per kept pair: row of the user block, row of the item block, score."""

    users: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]


def best_of_block(
    users: Matrix, items: Matrix, hidden: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], n: int
) -> Best:
    """Find each user's `n` best items by inner product.

    Scores are rounded to `QUANTUM`, so that the order does not hang on the last bit of a sum, and equal scores are
    ordered by the place of the item in the block.

    Args:
        users: `(n_users, dim)` float32.
        items: `(n_items, dim)` float32, in the order that breaks ties.
        hidden: `(rows of users, rows of items)`, pairs that must not be kept.
        n: Pairs kept a user, at least 1; fewer where not enough are left.
    """
    n_items = len(items)
    keys = np.rint((users @ items.T).astype(np.float64) / QUANTUM).astype(np.int64)  # (n_users, n_items)
    keys = keys * n_items + np.arange(n_items - 1, -1, -1)
    keys[hidden] = HIDDEN
    keep = min(n, n_items)
    columns = np.argpartition(keys, n_items - keep, axis=1)[:, n_items - keep :]
    kept = np.take_along_axis(keys, columns, axis=1)
    visible = kept != HIDDEN
    rows = np.repeat(np.arange(len(users)), keep).reshape(columns.shape)[visible]
    return Best(rows, columns[visible], (kept[visible] // n_items) * QUANTUM)


def strongest_part(users: Matrix, items: Matrix, best: Best, dims: list[int]) -> npt.NDArray[np.int64]:
    """Return for each kept pair the number of the part that gave the largest share of its score.

    Args:
        users: `(n_users, sum of dims)`.
        items: `(n_items, sum of dims)`.
        best: The kept pairs.
        dims: Length of each part, in order.
    """
    ends = np.cumsum(dims)
    shares = [
        np.einsum("ij,ij->i", users[best.users, start:end], items[best.items, start:end])
        for start, end in zip(ends - dims, ends, strict=True)
    ]
    strongest: npt.NDArray[np.int64] = np.argmax(shares, axis=0)
    return strongest
