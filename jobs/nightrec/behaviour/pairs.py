"""Users and items that the behaviour model learns from and speaks about; NumPy and SciPy only."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.histories import Floats, Histories, Ints, Mask
from nightrec.next_item import Goals

NEGATIVES = ("uniform", "popular")
"""How items that a user did not touch are drawn: all alike, or each as often as users took it."""


@dataclass(frozen=True)
class Pairs:
    """Users and items, ordered by user.

    Attributes:
        user_idx: `(n,)`.
        item_idx: `(n,)`.
        is_goal: `(n,)` whether the user reached the goal with the item.
    """

    user_idx: Ints
    item_idx: Ints
    is_goal: Mask


def touched(histories: Histories) -> sp.csr_matrix:
    """Return `(n_users, n_items)` entries where a user met an item."""
    n = len(histories.user_idx)
    return sp.csr_matrix((np.ones(n, np.float32), (histories.user_idx, histories.item_idx)), histories.shape)


def draw(goals: Goals, met: sp.csr_matrix, popularity: Floats, seed: int) -> Pairs:
    """Set one item that the user did not touch beside each goal.

    Args:
        goals: `(user_idx, item_idx)` of users in rising order.
        met: `(n_users, n_items)` entries at all that users touched, the goals included.
        popularity: `(n_items,)` chances up to a factor; equal ones draw uniformly, items at 0 are never drawn.
        seed: Of the draw.

    Returns:
        The goals and as many others of each user, without repeats; fewer where no more are left.
    """
    rng = np.random.default_rng(seed)
    users, items, is_goal = [], [], []
    for user, wanted in goals:
        chance = popularity.astype(np.float64)
        chance[met.indices[met.indptr[user] : met.indptr[user + 1]]] = 0
        n_drawn = min(len(wanted), int(np.count_nonzero(chance)))
        drawn = rng.choice(len(chance), n_drawn, replace=False, p=chance / chance.sum()) if n_drawn else wanted[:0]
        users.append(np.full(len(wanted) + n_drawn, user))
        items.append(np.concatenate([wanted, drawn]))
        is_goal.append(np.arange(len(wanted) + n_drawn) < len(wanted))
    return Pairs(np.concatenate(users), np.concatenate(items).astype(np.int64), np.concatenate(is_goal))


def join(parts: list[Pairs]) -> tuple[Pairs, list[Ints]]:
    """Put pairs together, ordered by user; also return where the rows of each part went."""
    owners = np.concatenate([part.user_idx for part in parts])
    order = np.argsort(owners, kind="stable")
    went = np.empty(len(order), np.int64)
    went[order] = np.arange(len(order))
    items, is_goal = (np.concatenate([getattr(part, name) for part in parts]) for name in ("item_idx", "is_goal"))
    ends = np.cumsum([len(part.user_idx) for part in parts])[:-1]
    return Pairs(owners[order], items[order], is_goal[order]), np.split(went, ends)
