"""Turn interactions into padded sequences and batches of like length; NumPy and torch, no I/O."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

PADDING = -1


@dataclass(frozen=True)
class Sequences:
    """Items of each user in order, end to end.

    Attributes:
        items: `(n,)` item_idx by user, then by time.
        weights: `(n,)` what each row is worth as a target.
        starts: `(n_users + 1,)` first row of each user; equal neighbours mean no history.
    """

    items: Ints
    weights: Floats
    starts: Ints

    @property
    def n_users(self) -> int:
        """Number of users, those without history included."""
        return len(self.starts) - 1


def make_sequences(user_idx: Ints, item_idx: Ints, last_at: npt.NDArray[np.float64], weights: Floats,
                   n_users: int) -> Sequences:  # fmt: skip
    """Order rows by user, time and, in a tie, item.

    Args:
        user_idx: `(n,)`.
        item_idx: `(n,)`.
        last_at: `(n,)` seconds.
        weights: `(n,)` above 0.
        n_users: Number of users.

    Returns:
        The sequences of users `0..n_users-1`.
    """
    order = np.lexsort((item_idx, last_at, user_idx))
    starts = np.concatenate([[0], np.cumsum(np.bincount(user_idx, minlength=n_users))])
    return Sequences(item_idx[order].astype(np.int64), weights[order].astype(np.float32), starts.astype(np.int64))


def windows(sequences: Sequences, max_items: int) -> Ints:
    """Cut long histories into pieces of at most `max_items + 1` rows that overlap by one, newest piece full.

    Returns:
        `(pieces, 2)` first and last-plus-one row; pieces with a single row teach nothing and are left out.
    """
    pieces = []
    for start, end in zip(sequences.starts[:-1], sequences.starts[1:], strict=True):
        while end - start >= 2:
            pieces.append((max(start, end - max_items - 1), end))
            end = max(start, end - max_items)
    return np.asarray(pieces, dtype=np.int64).reshape(-1, 2)


def pad(sequences: Sequences, spans: Ints) -> tuple[Ints, Floats]:
    """Gather spans of rows, padded on the right so that a causal mask is all the masking attention needs.

    Args:
        sequences: The rows.
        spans: `(B, 2)`.

    Returns:
        `(B, T)` items with -1 for padding, `(B, T)` weights with 0 for padding.
    """
    length = spans[:, 1] - spans[:, 0]
    column = np.arange(int(length.max(initial=1)))
    inside = column[None, :] < length[:, None]
    rows = np.where(inside, spans[:, :1] + column, 0)
    return np.where(inside, sequences.items[rows], PADDING), np.where(inside, sequences.weights[rows], np.float32(0))


def batches(sequences: Sequences, spans: Ints, tokens: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield padded batches of about `tokens` items in random order; like lengths share a batch.

    Args:
        sequences: The rows.
        spans: `(pieces, 2)`.
        tokens: Wanted size of a batch, padding included.
        seed: Of the order; the same seed gives the same batches.

    Yields:
        `(B, T)` items and weights as of `pad`.
    """
    rng = np.random.default_rng(seed)
    length = spans[:, 1] - spans[:, 0]
    order = np.lexsort((rng.random(len(spans)), length))
    # A batch ends where one more row of the then longest length would exceed the budget.
    groups, first = [], 0
    for position in range(1, len(order) + 1):
        if position == len(order) or (position - first + 1) * length[order[position]] > tokens:
            groups.append(order[first:position])
            first = position
    for group in rng.permutation(len(groups)):
        items, weights = pad(sequences, spans[groups[group]])
        yield torch.from_numpy(items), torch.from_numpy(weights)
