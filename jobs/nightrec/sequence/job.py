"""train_sequence: read each user's items in order with a transformer, whose items are ids and texts.

Reads   interactions/D, held_out/D, user_index/D, item_index/D, item_texts/D, item_embeddings/D
Writes  user_sequences/D, item_sequences/D. Replaces those two partitions; a killed run goes on from its checkpoint.
Fails   3 if an input partition is missing

Trained twice: without the held-out interactions until these are predicted no better, then as long on everything.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.device import choose_device
from nightrec.histories import FOLDS, Histories, Matrix, read_matrix, vector_table
from nightrec.lexical import read_item_texts
from nightrec.model_settings import SequenceConfig
from nightrec.next_item import next_items
from nightrec.sequence.checkpoint import Checkpoint
from nightrec.sequence.data import Sequences, make_sequences
from nightrec.sequence.epoch import Plan, make_model
from nightrec.sequence.model import SequenceModel, Shape
from nightrec.sequence.score import item_table, user_table
from nightrec.sequence.train import Training, Watch, fit

log = logging.getLogger(__name__)
UNGUIDED_EPOCHS = 10
"""How long to train when nothing was held out that could tell."""


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(train_sequence, __doc__ or "", argv)


def train_sequence(ctx: Context) -> None:
    """Write the vectors of both folds."""
    matrix = read_matrix(ctx.lake, ctx.run_date)
    n_epochs = 0
    written: dict[str, list[pa.Table]] = {"user": [], "item": []}
    for fold in FOLDS:
        model, n_epochs = train_fold(ctx, matrix, fold, n_epochs)
        users = np.unique(matrix.fold(fold).user_idx)
        read = user_table(model, as_sequences(matrix.fold(fold)), users)
        written["user"].append(vector_table("user_sequences", matrix.user_ids.take(pa.array(users)), read, fold=fold))
        written["item"].append(vector_table("item_sequences", matrix.item_ids, item_table(model), fold=fold))
    n_users, n_items = (
        ctx.lake.write_arrow(f"{side}_sequences", ctx.run_date, pa.concat_tables(tables))
        for side, tables in written.items()
    )
    Checkpoint.clear(ctx.lake, ctx.run_date)
    rows_in = len(matrix.histories.user_idx)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": n_users + n_items, "epochs": n_epochs})


def train_fold(ctx: Context, matrix: Matrix, fold: str, n_epochs: int) -> tuple[SequenceModel, int]:
    """Train on one fold; the cut finds out how long, and everything is then learnt as long.

    Returns:
        The model and the number of epochs that gave it.
    """
    config, histories = ctx.config.sequence, matrix.fold(fold)
    text = read_item_texts(ctx.lake, ctx.run_date, matrix.item_ids, fold, config.seed).dense()
    held_out = next_items(matrix) if fold == "cut" else None
    plan = make_plan(config, config.max_epochs if held_out else n_epochs or min(config.max_epochs, UNGUIDED_EPOCHS))
    model = make_model(histories.shape[1], text, np.unique(histories.item_idx), make_shape(config), config.seed)
    run = Training(model.to(choose_device()[0]), plan)
    checkpoint = Checkpoint(
        ctx.lake, ctx.run_date, fold, [config.model_dump_json(), histories.keys(), histories.weight, text]
    )
    checkpoint.resume(run)

    def watch(epoch: int, values: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        log.info("%s fold, epoch %d of at most %d: %s", fold, epoch, plan.max_epochs, shown)
        ctx.run.log_metrics({f"{fold}.{name}": value for name, value in values.items()}, step=epoch)

    return fit(run, as_sequences(histories), plan, held_out, Watch(watch, checkpoint.saver(run)))


def as_sequences(histories: Histories) -> Sequences:
    """Hand the rows to the network's own form."""
    rows = histories
    return make_sequences(rows.user_idx, rows.item_idx, rows.last_at, rows.weight, rows.shape[0])


def make_shape(config: SequenceConfig) -> Shape:
    """Return the sizes of the network."""
    return Shape(config.dim, config.layers, config.heads, config.max_items, config.dropout, config.id_dropout)


def make_plan(config: SequenceConfig, max_epochs: int) -> Plan:
    """Return how the network is trained."""
    return Plan(
        learning_rate=config.learning_rate,
        batch_tokens=config.batch_items,
        n_negatives=config.negatives,
        max_epochs=max_epochs,
        patience=config.patience,
        min_gain=config.min_gain,
        seed=config.seed,
    )
