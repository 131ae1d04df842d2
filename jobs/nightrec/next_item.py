"""What held-out users turned to next, and how well vectors rank it; NumPy only."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nightrec.histories import Floats, Ints, Matrix

Goals = Sequence[tuple[int, Ints]]

BLOCK = 512
MAX_USERS = 5000
"""Users who are asked after each pass: all of a large shop, over all of its items, would take longer than the pass."""


def sample(goals: Goals, n: int, seed: int) -> Goals:
    """Keep at most `n` users, drawn at random and kept in order."""
    drawn = np.sort(np.random.default_rng(seed).permutation(len(goals))[:n])
    return [goals[place] for place in drawn]


def next_items(matrix: Matrix) -> tuple[Ints, Ints] | None:
    """Return users `(B,)` and the first goal item `(B,)` that was held out of each; None when there is none.

    Of more than `MAX_USERS` the same are drawn whenever the matrix is the same.
    """
    goals = matrix.held_goals()
    if not goals:
        return None
    asked = sample(goals, MAX_USERS, seed=0)
    return np.array([user for user, _ in asked]), np.array([items[0] for _, items in asked])


def ndcg_of_next(
    users: Floats, items: Floats, seen: tuple[Ints, Ints], user_idx: Ints, targets: Ints
) -> npt.NDArray[np.float64]:
    """Return the NDCG, without a cut-off, of each held-out item among all items its user has not seen.

    Places beyond ten still count a little, which steadies the choice of the epoch on small nights.

    Args:
        users: `(B, D)` vectors of the users in `user_idx`.
        items: `(n_items, D)` vectors of all items; inner products are scores.
        seen: item_idx by user `(n,)`, and the first of these rows for each user `(n_users + 1,)`.
        user_idx: `(B,)`, with repeats where a user has several.
        targets: `(B,)` item_idx.

    Returns:
        `(B,)`; items of equal scores share their mean place, and where a score is not finite the gain is 0.
    """
    gains = np.zeros(len(users))
    item_idx, starts = seen
    for first in range(0, len(users), BLOCK):
        block = slice(first, first + BLOCK)
        scores = users[block] @ items.T
        is_finite, rows = np.isfinite(scores).all(1), np.arange(len(scores))
        wanted = scores[rows, targets[block], None]
        for row, user in enumerate(user_idx[block]):
            scores[row, item_idx[starts[user] : starts[user + 1]]] = -np.inf
        scores[rows, targets[block]] = -np.inf
        above = (scores > wanted).sum(1) + (scores == wanted).sum(1) / 2
        gains[block] = is_finite / np.log2(above + 2.0)
    return gains
