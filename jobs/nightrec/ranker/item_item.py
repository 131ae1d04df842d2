"""Item-item neighbours that know the order: what people take soon after what; NumPy and SciPy only."""

import functools
import itertools
import operator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

BLOCK = 50_000
"""Rows whose pairs are counted at once, each with up to `2 * reach` others."""


@dataclass(frozen=True)
class ItemItemPlan:
    """How neighbours are counted and used.

    Attributes:
        reach: Furthest apart two items of a user may stand to count as a pair.
        gap_power: A pair `d` places apart counts `d ** -gap_power`.
        length_power: A user with n items counts `n ** -length_power`, so that heavy users do not decide alone.
        forward: Share of a pair that counts from the earlier to the later item; the rest counts backwards.
        shrink: Added to every item's total before it divides, against chance pairs of rare items.
        target_power: Power of the later item's total; the earlier one's gets `1 - target_power`.
        neighbours: Best neighbours that are kept an item.
        recency_power: A user's item `b` places from the newest counts `(1 + b) ** -recency_power`.
    """

    reach: int = 50
    gap_power: float = 0.5
    length_power: float = 0.2
    forward: float = 0.8
    shrink: float = 20.0
    target_power: float = 0.5
    neighbours: int = 500
    recency_power: float = 1.0


def places_from_newest(user_idx: Ints) -> Ints:
    """Return `(n,)` how many rows of the same user follow each row; rows are ordered by user, oldest first."""
    ends = np.cumsum(np.bincount(user_idx))
    return ends[user_idx] - 1 - np.arange(len(user_idx))


def item_neighbours(user_idx: Ints, item_idx: Ints, weight: Floats, n_items: int, plan: ItemItemPlan) -> sp.csr_matrix:
    """Find what people take soon after and before each item.

    Items are taken in blocks, so that beside the result memory holds the pairs of one block alone.

    Args:
        user_idx: `(n,)`, ascending.
        item_idx: `(n,)`, in the user's order, oldest first.
        weight: `(n,)`; a pair is worth the product of its two.
        n_items: Number of items.
        plan: How.

    Returns:
        `(n_items, n_items)` with at most `plan.neighbours` entries a row: row = the item a user has, column = the item
        to show, value = the worth of their pairs divided by what the two items total.
    """
    by_item = np.argsort(item_idx, kind="stable")
    starts = np.searchsorted(item_idx[by_item], np.arange(n_items + 1))
    bounds = np.unique([*np.searchsorted(starts, np.arange(0, len(item_idx), BLOCK)), n_items])
    total = np.bincount(item_idx, weights=weight, minlength=n_items) + plan.shrink
    blocks = [sp.csr_matrix((0, n_items), dtype=np.float32)]  # type: ignore[arg-type]  # unknown to the stubs
    for first, end in itertools.pairwise(bounds):
        rows = by_item[starts[first] : starts[end]]
        parts = np.array_split(rows, max(1, -(-len(rows) // BLOCK)))
        each = (pair_counts(part, user_idx, item_idx, weight, n_items, plan) for part in parts)
        counts = functools.reduce(operator.add, each)[first:end]
        scaled = sp.diags(total[first:end] ** (plan.target_power - 1.0)) @ counts @ sp.diags(total**-plan.target_power)
        blocks.append(keep_best(sp.csr_matrix(scaled, dtype=np.float32), plan.neighbours))
    return sp.csr_matrix(sp.vstack(blocks))


def pair_counts(
    rows: Ints, user_idx: Ints, item_idx: Ints, weight: Floats, n_items: int, plan: ItemItemPlan
) -> sp.csr_matrix:
    """Count how often other items come near those of some rows.

    Args:
        rows: `(R,)` places in the three arrays.
        user_idx: `(n,)`, ascending.
        item_idx: `(n,)`, in the user's order, oldest first.
        weight: `(n,)`.
        n_items: Number of items.
        plan: How.

    Returns:
        `(n_items, n_items)`: row = the item of one of the rows, column = the other item.
    """
    length = np.bincount(user_idx)
    ends = np.cumsum(length)
    reach = min(plan.reach, length.max(initial=1) - 1)
    gaps = np.concatenate([np.arange(1, reach + 1), -np.arange(1, reach + 1)])
    users = user_idx[rows, None]
    other = rows[:, None] + gaps  # (R, 2 * reach)
    row, column = np.nonzero((other >= ends[users] - length[users]) & (other < ends[users]))
    this, other, gap = rows[row], other[row, column], gaps[column]
    value = weight[this] * weight[other] * length[user_idx[this]] ** -plan.length_power * np.abs(gap) ** -plan.gap_power
    value *= np.where(gap > 0, plan.forward, 1.0 - plan.forward)
    counts = sp.csr_matrix((value, (item_idx[this], item_idx[other])), (n_items, n_items), dtype=np.float32)
    counts.setdiag(0)
    counts.eliminate_zeros()
    return counts


def keep_best(matrix: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """Keep the `k` largest entries of each row; of equal ones the lower column."""
    matrix.sort_indices()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - matrix.indptr[rows]
    kept = place < k
    return sp.csr_matrix((matrix.data[kept], (rows[kept], matrix.indices[kept])), matrix.shape)
