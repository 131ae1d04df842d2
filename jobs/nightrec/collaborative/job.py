"""train_collaborative: factors of users and items from the matrix, on this machine or spread over a Spark cluster.

Reads   interactions/D, held_out/D, user_index/D, item_index/D
Writes  user_factors/D, item_factors/D; user_ratings/D, item_ratings/D, without rows where matrix.goal.min_value is not
        set, fitted in this process with either engine
Fails   3 if an input is missing or no interaction has a positive weight
"""

import logging
from collections.abc import Sequence
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.collaborative import implicit_als, spark_als
from nightrec.collaborative.ratings import Wide, factorise_ratings, rating_errors, values_of
from nightrec.context import Context, SparkContext, open_spark, run_job
from nightrec.decay import weights_as_of
from nightrec.histories import FOLDS, Floats, Matrix, read_matrix, vector_table
from nightrec.schemas import contract

log = logging.getLogger(__name__)
Counts = tuple[int, int]
RATINGS = "user_ratings", "item_ratings"


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(train_collaborative, __doc__ or "", argv)


def train_collaborative(ctx: Context) -> None:
    """Write the factors of everyone and everything with a positive weight, with and without what is held out."""
    is_spread = ctx.config.collaborative.engine == "spark"
    n_users, n_items = train_on_cluster(open_spark(ctx)) if is_spread else train_here(ctx)
    write_ratings(ctx)
    rows_in = ctx.lake.count("interactions", ctx.run_date)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": n_users + n_items, "n_users": n_users, "n_items": n_items})


def train_here(ctx: Context) -> Counts:
    """Fit both folds in this process and return the rows written of users and of items."""
    matrix, half_life_days = read_matrix(ctx.lake, ctx.run_date), ctx.config.matrix.half_life_days
    tables: tuple[list[pa.Table], list[pa.Table]] = [], []
    for fold in FOLDS:
        rows = matrix.fold(fold)
        weight = rows.weight_as_of(ctx.run_date, half_life_days)
        vectors = implicit_als.factorise(rows, weight, ctx.config.collaborative)
        known = np.unique(rows.user_idx), np.unique(rows.item_idx)
        for k, (side, ids) in enumerate((("user", matrix.user_ids), ("item", matrix.item_ids))):
            keys = ids.take(pa.array(known[k]))
            tables[k].append(vector_table(f"{side}_factors", keys, vectors[k][known[k]], fold=fold))
    n_users, n_items = (
        ctx.lake.write_arrow(name, ctx.run_date, pa.concat_tables(parts))
        for name, parts in zip(("user_factors", "item_factors"), tables, strict=True)
    )
    return n_users, n_items


def train_on_cluster(ctx: SparkContext) -> Counts:
    """Fit both folds in Spark and return the rows written of users and of items."""
    day, matrix = ctx.run_date, ctx.config.matrix
    user_index, item_index = ctx.tables.read("user_index", day), ctx.tables.read("item_index", day)
    columns = ["user_id", "item_id", "weight", "last_at"]
    rows, held = ctx.tables.read("interactions", day).select(columns), ctx.tables.read("held_out", day).select(columns)
    left = rows.join(held, on=["user_id", "item_id"], how="left_anti").unionByName(held.where("weight IS NOT NULL"))
    cut, indexed = (
        weights_as_of(some, day, matrix.half_life_days)
        .join(user_index, on="user_id", how="inner")
        .join(item_index, on="item_id", how="inner")
        for some in (left, rows)
    )
    # Without checkpoints the plan grows with every alternation until it overflows the stack of the tasks.
    checkpoints = f"_checkpoints/train_collaborative-{day}"
    ctx.spark.sparkContext.setCheckpointDir(f"{ctx.lake.root}/{checkpoints}")
    users, items = zip(*[_factors(ctx, rows, fold) for fold, rows in (("cut", cut), ("all", indexed))], strict=True)
    n_users = ctx.tables.overwrite("user_factors", day, _union(users).join(user_index, on="user_idx", how="inner"))
    n_items = ctx.tables.overwrite("item_factors", day, _union(items).join(item_index, on="item_idx", how="inner"))
    ctx.lake.fs.delete_dir(ctx.lake.path(checkpoints))
    return n_users, n_items


def write_ratings(ctx: Context) -> None:
    """Write what predicts ratings, of both folds; without rows in a domain whose goal is not a value."""
    written = [[contract(table).arrow(ctx.config.collaborative.rating_dim + 2).empty_table()] for table in RATINGS]
    if ctx.config.matrix.goal.min_value is not None:
        matrix, columns = read_matrix(ctx.lake, ctx.run_date), ["user_id", "item_id", "last_value"]
        value = values_of(matrix, ctx.lake.read_arrow("interactions", ctx.run_date, columns))
        for fold in FOLDS:
            for k, vectors in enumerate(fit_ratings(ctx, matrix, value, fold)):
                ids = matrix.item_ids if k else matrix.user_ids
                written[k].append(vector_table(RATINGS[k], ids, vectors, fold=fold))
    for table, parts in zip(RATINGS, written, strict=True):
        ctx.lake.write_arrow(table, ctx.run_date, pa.concat_tables(parts))


def fit_ratings(ctx: Context, matrix: Matrix, value: Wide, fold: str) -> tuple[Floats, ...]:
    """Fit one fold, and log how far the cut's predictions lie from the held-out ratings; nothing without ratings.

    Args:
        ctx: The night.
        matrix: Its matrix.
        value: `(n,)` ratings of the rows of the histories, NaN without one.
        fold: What to learn from.
    """
    is_known, rows = np.isfinite(value), matrix.histories
    learnt = is_known & ~matrix.held if fold == "cut" else is_known
    if not learnt.any():
        return ()
    pairs = rows.user_idx[learnt], rows.item_idx[learnt]
    vectors = factorise_ratings(pairs, value[learnt], rows.shape, ctx.config.collaborative)
    held = is_known & matrix.held
    if fold == "cut" and held.any():
        asked = rows.user_idx[held], rows.item_idx[held]
        model = np.einsum("nd,nd->n", vectors[0][asked[0]], vectors[1][asked[1]])
        errors = rating_errors((*pairs, value[learnt]), (*asked, value[held]), model)
        log.info("ratings held out: %s", {name: round(error, 3) for name, error in errors.items()})
        ctx.run.log_metrics({f"rating.{name}": error for name, error in errors.items()})
    return vectors


def _factors(ctx: SparkContext, weighed: DataFrame, fold: str) -> list[DataFrame]:
    made = spark_als.factorise(weighed.select("user_idx", "item_idx", "weight"), ctx.config.collaborative)
    return [frame.withColumn("fold", F.lit(fold)) for frame in made]


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)
