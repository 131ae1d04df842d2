"""Frozen text vectors with a learned projection: from the mean text of a history to the text of the next item."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch.nn import functional as nnf

from nightrec.benchmark.lists import Floats, Ints
from nightrec.benchmark.peers.known import Known, Model, Peer, Settings, Trial, row_choices
from nightrec.softmax import draw_negatives, sampled_softmax

DIM, DROPOUT, SCALE, BATCH, NEGATIVES, SEED = 64, 0.3, 4.0, 256, 2048, 0
LEARNING_RATE, DECAYS, MAX_EPOCHS, PATIENCE = 2e-3, (0.1, 0.01), 40, 4


class Projection(nn.Module):
    """Scores `scale * (A x + c) . (B t) + b`: x the direction of the user's texts, t the item's, b its popularity."""

    text: torch.Tensor

    def __init__(self, text: Floats, is_known: np.ndarray) -> None:
        """Start anew.

        Args:
            text: `(n_items, D)` unit rows, zeros without text.
            is_known: `(n_items,)` items somebody took; the others have no popularity to learn.
        """
        super().__init__()
        has_text = np.abs(text).sum(axis=1, keepdims=True) > 0
        centred = (text - text.sum(axis=0) / max(1, has_text.sum())) * has_text
        self.register_buffer("text", torch.from_numpy(centred.astype(np.float32)))
        self.register_buffer("is_known", torch.from_numpy(is_known.astype(np.float32)))
        self.to_user, self.to_item = (nn.Linear(text.shape[1], DIM, bias=False) for _ in range(2))
        self.everyone = nn.Parameter(torch.zeros(DIM))
        self.popularity = nn.Parameter(torch.zeros(len(text)))

    def users(self, sums: torch.Tensor) -> torch.Tensor:
        """Project summed texts `(B, D)` to `(B, DIM + 1)`; the last column meets the popularity."""
        vectors = self._drop(self.to_user(nnf.normalize(sums, dim=1))) + self.everyone
        return torch.cat([vectors * SCALE, vectors.new_ones(len(vectors), 1)], dim=1)

    def items(self, items: torch.Tensor) -> torch.Tensor:
        """Return `(n, DIM + 1)` of items `(n,)`."""
        popularity = (self.popularity * self.get_buffer("is_known"))[items]
        return torch.cat([self._drop(self.to_item(self.text[items])), popularity[:, None]], dim=1)

    def _drop(self, values: torch.Tensor) -> torch.Tensor:
        return nnf.dropout(values, DROPOUT, training=self.training)


def train(known: Known, rows: str, decay: float) -> Iterator[tuple[int, Projection]]:
    """Yield the projection after each epoch; every item of a history is predicted from the others.

    Args:
        known: What to learn from.
        rows: `all` events or the `relevant` ones.
        decay: Weight decay.
    """
    torch.manual_seed(SEED)
    chance, likes = torch.Generator().manual_seed(SEED), known.profile(rows, 0.0)
    model = Projection(known.vectors, np.asarray(likes.sum(axis=0)).ravel() > 0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=decay)
    coo = likes.tocoo()
    usable = torch.from_numpy(np.flatnonzero(np.diff(likes.indptr)[coo.row] > 1))
    users, items = torch.from_numpy(coo.row.astype(np.int64)), torch.from_numpy(coo.col.astype(np.int64))
    sums = torch.from_numpy(np.asarray(likes @ model.text.numpy(), dtype=np.float32))
    for epoch in range(MAX_EPOCHS):
        model.train()
        for batch in torch.split(usable[torch.randperm(len(usable), generator=chance)], BATCH):
            wanted, drawn = items[batch], draw_negatives(len(model.text), NEGATIVES, chance)
            read, table = (
                model.users(sums[users[batch]] - model.text[wanted]),
                (model.items(wanted), model.items(drawn)),
            )
            loss = sampled_softmax(read, table[0], wanted, table[1], drawn, torch.ones(len(batch)), len(model.text))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        model.eval()
        yield epoch + 1, model


def as_model(model: Projection, rows: str) -> Model:
    """Return the scores that the projection gives as it is now."""

    @torch.inference_mode()
    def score(histories: Known, users: Ints) -> Floats:
        profile = sp.csr_matrix(histories.profile(rows, 0.0)[users])
        sums = torch.from_numpy(np.asarray(profile @ model.text.numpy(), dtype=np.float32))
        return np.asarray((model.users(sums) @ model.items(torch.arange(len(model.text))).T).numpy())

    return score


def fit_projection(known: Known, settings: Settings) -> Model:
    """Train as long as the settings say."""
    rows = str(settings["rows"])
    for epoch, model in train(known, rows, float(settings["decay"])):
        if epoch == settings["epochs"]:
            return as_model(model, rows)
    raise ValueError(f"epochs must be 1 to {MAX_EPOCHS}, got {settings['epochs']}")


def _course(known: Known, rows: str, decay: float) -> Iterator[Trial]:
    for epoch, model in train(known, rows, decay):
        yield {"rows": rows, "decay": decay, "epochs": epoch}, as_model(model, rows)


def _courses(known: Known) -> Iterator[Iterator[Trial]]:
    return (_course(known, rows, decay) for rows, decay in product(row_choices(known), DECAYS))


_WORDS = f"rows: all or relevant; weight decay: {DECAYS}; epochs: 1 to {MAX_EPOCHS}; {DIM} dimensions"
PEERS = {"text_projection": Peer(_WORDS, _courses, fit_projection, patience=PATIENCE)}
