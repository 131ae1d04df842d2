"""train_collaborative: factors of users and items from the matrix.

Reads   interactions/D, held_out/D, user_index/D, item_index/D
Writes  user_factors/D, item_factors/D
Fails   3 if an input is missing or no interaction has a positive weight
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.collaborative.transform import factorise
from nightrec.context import SparkContext, run_spark_job
from nightrec.decay import weights_as_of


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_spark_job(train_collaborative, __doc__ or "", argv)


def train_collaborative(ctx: SparkContext) -> None:
    """Write the factors of everyone and everything with a positive weight, with and without what is held out."""
    day, matrix = ctx.run_date, ctx.config.matrix
    user_index, item_index = ctx.tables.read("user_index", day), ctx.tables.read("item_index", day)
    weighed = weights_as_of(ctx.tables.read("interactions", day), day, matrix.half_life_days)
    indexed = weighed.join(user_index, on="user_id", how="inner").join(item_index, on="item_id", how="inner")
    cut = indexed.join(ctx.tables.read("held_out", day), on=["user_id", "item_id"], how="left_anti")
    # Without checkpoints the plan grows with every alternation until it overflows the stack of the tasks.
    checkpoints = f"_checkpoints/train_collaborative-{day}"
    ctx.spark.sparkContext.setCheckpointDir(f"{ctx.lake.root}/{checkpoints}")
    users, items = zip(*[factors(ctx, rows, fold) for fold, rows in (("cut", cut), ("all", indexed))], strict=True)
    n_users = ctx.tables.overwrite("user_factors", day, union(users).join(user_index, on="user_idx", how="inner"))
    n_items = ctx.tables.overwrite("item_factors", day, union(items).join(item_index, on="item_idx", how="inner"))
    ctx.lake.fs.delete_dir(ctx.lake.path(checkpoints))
    rows_in = ctx.tables.count("interactions", day)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": n_users + n_items, "n_users": n_users, "n_items": n_items})


def factors(ctx: SparkContext, weighed: DataFrame, fold: str) -> list[DataFrame]:
    """Return the user and the item factors of one fold."""
    made = factorise(weighed.select("user_idx", "item_idx", "weight"), ctx.config.collaborative)
    return [frame.withColumn("fold", F.lit(fold)) for frame in made]


def union(frames: Sequence[DataFrame]) -> DataFrame:
    """Put frames of the same columns below each other."""
    return reduce(DataFrame.unionByName, frames)
