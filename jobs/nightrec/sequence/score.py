"""User and item vectors of a trained network; their inner product is the score."""

import numpy as np
import numpy.typing as npt
import torch

from nightrec.sequence.data import PADDING, Ints, Sequences, pad
from nightrec.sequence.model import SequenceModel

Vectors = npt.NDArray[np.float32]


@torch.inference_mode()
def item_table(model: SequenceModel, block: int = 65_536) -> Vectors:
    """Return `(n_items, dim + 1)`; the last column is the learned popularity."""
    model.eval()
    device = model.text.device
    parts = []
    for start in range(0, len(model.text), block):
        items = torch.arange(start, min(start + block, len(model.text)), device=device)
        vectors, popularity = model.item_vectors(items)
        parts.append(torch.cat([vectors, popularity[:, None]], dim=1).float().cpu().numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def user_table(model: SequenceModel, sequences: Sequences, users: Ints, block: int = 512) -> Vectors:
    """Read the latest items of users.

    Args:
        model: The network.
        sequences: Histories.
        users: `(B,)` which users, in any order.
        block: Users a pass.

    Returns:
        `(B, dim + 1)`; a user without history gets zeros and so no opinion.
    """
    model.eval()
    starts, ends = sequences.starts[users], sequences.starts[users + 1]
    spans = np.stack([np.maximum(starts, ends - model.shape.max_items), ends], axis=1)
    out = np.zeros((len(users), model.shape.dim + 1), dtype=np.float32)
    order = np.argsort(spans[:, 1] - spans[:, 0], kind="stable")
    order = order[(spans[order, 1] - spans[order, 0]) > 0]
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        items, _ = pad(sequences, spans[rows])
        read = torch.from_numpy(items).to(model.text.device)
        vectors, _ = model.item_vectors(read.clamp_min(0).flatten())
        hidden = model.read(vectors.view(*read.shape, -1))  # (B, T, D)
        last = (read != PADDING).sum(1) - 1
        out[rows, :-1] = hidden[torch.arange(len(rows), device=hidden.device), last].float().cpu().numpy()
        out[rows, -1] = 1.0
    return out
