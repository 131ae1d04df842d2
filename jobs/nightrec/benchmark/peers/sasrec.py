"""SASRec of the library RecTools: a transformer over each user's items, softmax over all items.

RecTools draws sampled negatives anew for every place of every user, which for thousands of negatives takes more memory
than all items do; its softmax over all items is the stronger loss besides.
"""

import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from nightrec.benchmark.lists import LENGTH, Floats, Ints
from nightrec.benchmark.peers.known import Known, Model, Peer, Settings, Trial

DIM, BLOCKS, HEADS, MAX_READ, BATCH, RATE, SEED = 64, 2, 2, 50, 128, 1e-3, 0
DROPOUTS, STEP_EPOCHS, MAX_EPOCHS, PATIENCE = (0.2, 0.5), 5, 60, 2


def train(known: Known, dropout: float, epochs: int) -> Iterator[tuple[int, Any]]:
    """Yield the model after every `STEP_EPOCHS` epochs, and at the end."""
    from pytorch_lightning import seed_everything  # noqa: PLC0415  # only in the peers' environment
    from rectools.models import SASRecModel  # noqa: PLC0415

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|rectools|torch")
    seed_everything(SEED, verbose=False)
    model = SASRecModel(
        n_blocks=BLOCKS, n_heads=HEADS, n_factors=DIM, dropout_rate=dropout, loss="softmax", lr=RATE,
        session_max_len=items_read(known), batch_size=BATCH, deterministic=True, recommend_torch_device="cpu",
    )  # fmt: skip
    dataset = as_dataset(known)
    for done in range(0, epochs, STEP_EPOCHS):
        step = min(STEP_EPOCHS, epochs - done)
        model.fit_partial(dataset, min_epochs=step, max_epochs=step)
        yield done + step, model


def items_read(known: Known) -> int:
    """Return how many newest items are read: as many as 19 of 20 users have, for every row is padded to that."""
    lengths = np.diff(known.seen.indptr)
    return int(min(MAX_READ, np.ceil(np.quantile(lengths[lengths > 0], 0.95))))


def as_dataset(known: Known) -> Any:  # noqa: ANN401  # a type of RecTools, which is not in every environment
    """Return the events in RecTools' form; places in the order of time stand for times, so that ties stay in order."""
    from rectools import Columns  # noqa: PLC0415  # only in the peers' environment
    from rectools.dataset import Dataset  # noqa: PLC0415

    order = np.lexsort((np.arange(len(known.at)), known.at))
    at = np.empty(len(order), np.int64)
    at[order] = np.arange(len(order))
    rows = {
        Columns.User: known.user_idx,
        Columns.Item: known.item_idx,
        Columns.Weight: np.ones(len(at), np.float32),
        Columns.Datetime: pd.to_datetime(at, unit="s"),
    }
    return Dataset.construct(pd.DataFrame(rows))


def as_model(model: Any) -> Model:  # noqa: ANN401  # as above
    """Return scores that order the model's own list of unseen items, and are 0 for all others."""

    def score(histories: Known, users: Ints) -> Floats:
        from rectools import Columns  # noqa: PLC0415  # only in the peers' environment

        listed = model.recommend(
            users=users, dataset=as_dataset(histories), k=LENGTH, filter_viewed=True, on_unsupported_targets="ignore"
        )
        out = np.zeros((len(users), histories.shape[1]), np.float32)
        row = np.searchsorted(users, listed[Columns.User].to_numpy())
        out[row, listed[Columns.Item].to_numpy()] = 1.0 / listed[Columns.Rank].to_numpy()
        return out

    return score


def fit_sasrec(known: Known, settings: Settings) -> Model:
    """Train as long as the settings say."""
    *_, (_, model) = train(known, float(settings["dropout"]), int(settings["epochs"]))
    return as_model(model)


def _course(known: Known, dropout: float) -> Iterator[Trial]:
    for epochs, model in train(known, dropout, MAX_EPOCHS):
        yield {"dropout": dropout, "epochs": epochs}, as_model(model)


def _courses(known: Known) -> Iterator[Iterator[Trial]]:
    return (_course(known, dropout) for dropout in DROPOUTS)


_WORDS = f"dropout: {DROPOUTS}; epochs: every {STEP_EPOCHS} up to {MAX_EPOCHS}; {DIM} dimensions, {BLOCKS} blocks"
PEERS = {"sasrec": Peer(_WORDS, _courses, fit_sasrec, patience=PATIENCE, has_train_only=True)}
