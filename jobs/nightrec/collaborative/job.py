"""train_collaborative: factors of users and items from the matrix, on this machine or spread over a Spark cluster.

Reads   interactions/D, held_out/D, user_index/D, item_index/D
Writes  user_factors/D, item_factors/D
Fails   3 if an input is missing or no interaction has a positive weight
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.collaborative import implicit_als, spark_als
from nightrec.context import Context, SparkContext, open_spark, run_job
from nightrec.decay import weights_as_of
from nightrec.histories import FOLDS, read_matrix, vector_table

Counts = tuple[int, int]


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(train_collaborative, __doc__ or "", argv)


def train_collaborative(ctx: Context) -> None:
    """Write the factors of everyone and everything with a positive weight, with and without what is held out."""
    is_spread = ctx.config.collaborative.engine == "spark"
    n_users, n_items = train_on_cluster(open_spark(ctx)) if is_spread else train_here(ctx)
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
    weighed = weights_as_of(ctx.tables.read("interactions", day), day, matrix.half_life_days)
    indexed = weighed.join(user_index, on="user_id", how="inner").join(item_index, on="item_id", how="inner")
    cut = indexed.join(ctx.tables.read("held_out", day), on=["user_id", "item_id"], how="left_anti")
    # Without checkpoints the plan grows with every alternation until it overflows the stack of the tasks.
    checkpoints = f"_checkpoints/train_collaborative-{day}"
    ctx.spark.sparkContext.setCheckpointDir(f"{ctx.lake.root}/{checkpoints}")
    users, items = zip(*[_factors(ctx, rows, fold) for fold, rows in (("cut", cut), ("all", indexed))], strict=True)
    n_users = ctx.tables.overwrite("user_factors", day, _union(users).join(user_index, on="user_idx", how="inner"))
    n_items = ctx.tables.overwrite("item_factors", day, _union(items).join(item_index, on="item_idx", how="inner"))
    ctx.lake.fs.delete_dir(ctx.lake.path(checkpoints))
    return n_users, n_items


def _factors(ctx: SparkContext, weighed: DataFrame, fold: str) -> list[DataFrame]:
    made = spark_als.factorise(weighed.select("user_idx", "item_idx", "weight"), ctx.config.collaborative)
    return [frame.withColumn("fold", F.lit(fold)) for frame in made]


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)
