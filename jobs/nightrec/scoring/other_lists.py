"""The part of score_top_n that makes lists without users: items like an item, popular and trending items."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.context import SparkContext
from nightrec.goals import is_goal
from nightrec.scoring.inputs import read_events
from nightrec.scoring.popular import popular_lists, window_users, with_growth
from nightrec.scoring.rank import Task
from nightrec.scoring.similar import SIMILAR, similar_items


def similar_lists(ctx: SparkContext, task: Task) -> DataFrame:
    """Return `similar_items`, but for its lineage, for every item that has a number, whether it can be shown or not.

    Args:
        ctx: The job's.
        task: What the workers need to know.
    """
    items, n = ctx.tables.read("item_index", ctx.run_date), ctx.config.scoring.similar_n

    def find(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return similar_items(batches, task, n)

    # The index lies in few small files, which would leave all but one worker idle.
    spread = items.repartition(ctx.config.spark.shuffle_partitions, "item_idx")
    names = items.select(F.col("item_idx").alias("similar_idx"), F.col("item_id").alias("similar_item_id"))
    found = spread.mapInArrow(find, SIMILAR).join(names, on="similar_idx", how="inner")
    return found.withColumn("score", F.col("score").cast("float"))


def popular_and_trending(ctx: SparkContext, shown: DataFrame) -> DataFrame:
    """Return `popular_items`, but for its lineage, from the events of the deliveries that can reach into the windows.

    Args:
        ctx: The job's.
        shown: Rows of `items` that can be shown.
    """
    scoring, goal = ctx.config.scoring, ctx.config.matrix.goal
    events = read_events(ctx, 2 * max(scoring.popular_windows))
    counts = window_users(
        events.where(is_goal(goal.event_types, goal.min_value)), ctx.run_date, scoring.popular_windows
    )
    return popular_lists(with_growth(counts), shown, scoring.popular_min_users, scoring.top_n)
