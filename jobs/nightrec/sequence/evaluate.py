"""How well a network ranks held-out items; NumPy and torch."""

import numpy as np
import numpy.typing as npt

from nightrec.sequence.data import Ints, Sequences
from nightrec.sequence.model import SequenceModel
from nightrec.sequence.score import Vectors, item_table, user_table

Floats64 = npt.NDArray[np.float64]

BLOCK = 512


def ndcg_of_next(users: Vectors, table: Vectors, sequences: Sequences, user_idx: Ints, targets: Ints) -> Floats64:
    """Return the NDCG, without a cut-off, of each held-out item among all items its user has not seen.

    Places beyond ten still count a little, which steadies the choice of the epoch on small nights.

    Args:
        users: `(B, D)` vectors of the users in `user_idx`.
        table: `(n_items, D)` vectors of all items.
        sequences: Histories without the targets.
        user_idx: `(B,)`, with repeats where a user has several.
        targets: `(B,)` item_idx.

    Returns:
        `(B,)`.
    """
    scores = users @ table.T
    wanted = scores[np.arange(len(scores)), targets]
    for row, user in enumerate(user_idx):
        scores[row, sequences.items[sequences.starts[user] : sequences.starts[user + 1]]] = -np.inf
    gains: Floats64 = 1.0 / np.log2((scores > wanted[:, None]).sum(1) + 2.0)
    return gains


def held_out_ndcg(model: SequenceModel, sequences: Sequences, user_idx: Ints, targets: Ints) -> float:
    """Return the mean of `ndcg_of_next` under a network; arguments as there."""
    table, gains = item_table(model), []
    for start in range(0, len(user_idx), BLOCK):
        users = user_idx[start : start + BLOCK]
        vectors = user_table(model, sequences, users)
        gains.append(ndcg_of_next(vectors, table, sequences, users, targets[start : start + BLOCK]))
    return float(np.concatenate(gains).mean())
