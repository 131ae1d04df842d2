"""Item-item neighbours that know the order: what people take soon after what; NumPy and SciPy only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


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


def pair_counts(user_idx: Ints, item_idx: Ints, weight: Floats, n_items: int, plan: ItemItemPlan) -> sp.csr_matrix:
    """Count how often one item comes near another.

    Args:
        user_idx: `(n,)`, ascending.
        item_idx: `(n,)`, in the user's order, oldest first.
        weight: `(n,)`; a pair is worth the product of its two.
        n_items: Number of items.
        plan: How.

    Returns:
        `(n_items, n_items)`: row = the item a user has, column = the item to show.
    """
    worth = np.bincount(user_idx).astype(np.float32)[user_idx] ** -plan.length_power * weight
    counts = sp.csr_matrix((n_items, n_items), dtype=np.float32)  # type: ignore[arg-type]  # unknown to the stubs
    for gap in range(1, min(plan.reach, len(user_idx) - 1) + 1):
        first = np.flatnonzero(user_idx[:-gap] == user_idx[gap:])
        if not len(first):
            break
        value = worth[first] * weight[first + gap] * gap**-plan.gap_power
        pairs = sp.csr_matrix((value, (item_idx[first], item_idx[first + gap])), counts.shape, dtype=np.float32)
        counts = counts + plan.forward * pairs + (1.0 - plan.forward) * pairs.T
    counts.setdiag(0)
    counts.eliminate_zeros()
    return sp.csr_matrix(counts)


def neighbours(counts: sp.csr_matrix, item_weight: Floats, plan: ItemItemPlan) -> sp.csr_matrix:
    """Divide pair counts by what the two items total, and keep the best neighbours of each item.

    Args:
        counts: As of `pair_counts`.
        item_weight: `(n_items,)` total weight of each item.
        plan: How.

    Returns:
        `(n_items, n_items)` with at most `plan.neighbours` entries a row.
    """
    total = item_weight.astype(np.float64) + plan.shrink
    scaled = sp.diags(total ** (plan.target_power - 1.0)) @ counts @ sp.diags(total**-plan.target_power)
    return keep_best(sp.csr_matrix(scaled, dtype=np.float32), plan.neighbours)


def keep_best(matrix: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """Keep the `k` largest entries of each row; of equal ones the lower column."""
    matrix.sort_indices()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - matrix.indptr[rows]
    kept = place < k
    return sp.csr_matrix((matrix.data[kept], (rows[kept], matrix.indices[kept])), matrix.shape)
