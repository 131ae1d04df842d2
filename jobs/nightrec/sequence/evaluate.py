"""How well a network ranks held-out items; NumPy and torch."""

from nightrec.next_item import ndcg_of_next
from nightrec.sequence.data import Ints, Sequences
from nightrec.sequence.model import SequenceModel
from nightrec.sequence.score import item_table, user_table


def held_out_ndcg(model: SequenceModel, sequences: Sequences, user_idx: Ints, targets: Ints) -> float:
    """Return the mean of `ndcg_of_next` under a network; `user_idx` and `targets` as there."""
    users, seen = user_table(model, sequences, user_idx), (sequences.items, sequences.starts)
    return float(ndcg_of_next(users, item_table(model), seen, user_idx, targets).mean())
