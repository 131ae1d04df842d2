"""train_projection: learn which texts follow which, so that items are found by their text alone.

Reads   interactions/D, held_out/D, user_index/D, item_index/D, item_texts/D, item_embeddings/D
Writes  user_projections/D, item_projections/D. Replaces those two partitions; safe to repeat.
Fails   3 if an input partition is missing or no interaction has a positive weight

Trained twice: without the held-out interactions until these are predicted no better, then as long on everything.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from nightrec.context import Context, run_job
from nightrec.device import choose_device
from nightrec.histories import FOLDS, Matrix, read_matrix, vector_table
from nightrec.lexical import read_item_texts
from nightrec.next_item import ndcg_of_next, next_items
from nightrec.projection.train import Tables, fit, make_projection

log = logging.getLogger(__name__)
UNGUIDED_EPOCHS = 5
"""How long to train when nothing was held out that could tell."""


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(train_projection, __doc__ or "", argv)


def train_projection(ctx: Context) -> None:
    """Write the vectors of both folds."""
    matrix = read_matrix(ctx.lake, ctx.run_date)
    n_epochs: int | None = None if matrix.held_goals() else UNGUIDED_EPOCHS
    written: dict[str, list[pa.Table]] = {"user": [], "item": []}
    for fold in FOLDS:
        (users, items), n_epochs = train_fold(ctx, matrix, fold, n_epochs)
        known = np.unique(matrix.fold(fold).user_idx)
        keys = matrix.user_ids.take(pa.array(known))
        written["user"].append(vector_table("user_projections", keys, users[known], fold=fold))
        written["item"].append(vector_table("item_projections", matrix.item_ids, items, fold=fold))
    rows = [
        ctx.lake.write_arrow(f"{side}_projections", ctx.run_date, pa.concat_tables(tables))
        for side, tables in written.items()
    ]
    rows_in = len(matrix.histories.user_idx)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": sum(rows), "epochs": n_epochs or 0})


def train_fold(ctx: Context, matrix: Matrix, fold: str, n_epochs: int | None) -> tuple[Tables, int]:
    """Train on one fold; the cut finds out how long, and everything is then learnt as long.

    Returns:
        User and item vectors, and the number of epochs that gave them.
    """
    config, histories = ctx.config.projection, matrix.fold(fold)
    text = read_item_texts(ctx.lake, ctx.run_date, matrix.item_ids, fold, config.seed).dense()
    pairs = histories.user_idx, histories.item_idx
    rows = sp.csr_matrix((histories.weight, pairs), histories.shape)
    model = make_projection(text, config).to(choose_device()[0])
    held_out = next_items(matrix)

    def check(found: Tables) -> float:
        assert held_out is not None
        users = found[0][held_out[0]]
        return float(ndcg_of_next(users, found[1], (histories.item_idx, histories.starts), *held_out).mean())

    def watch(epoch: int, values: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        log.info("%s fold, epoch %d of at most %d: %s", fold, epoch, n_epochs or config.max_epochs, shown)
        ctx.run.log_metrics({f"{fold}.{name}": value for name, value in values.items()}, step=epoch)

    return fit(model, rows, config, n_epochs, check, watch)
