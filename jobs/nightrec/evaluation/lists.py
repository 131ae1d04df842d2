"""The lists that are compared: what was published, and the popular items a shop would show instead."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def is_after(list_date: date) -> Column:
    """Tell which events happened after the day of a list (UTC): a delivery may bring older ones late."""
    return F.col("event_at") >= _start_of(list_date + timedelta(days=1))


def relevant_items(goals: DataFrame, hidden: DataFrame) -> DataFrame:
    """Return what users turned to, as far as a list could have shown it.

    Args:
        goals: Goal events of the new delivery, with `item_id`, from after the lists.
        hidden: `user_id, item_id` pairs that the rules kept off the lists.

    Returns:
        Distinct `user_id, item_id`.
    """
    return goals.select("user_id", "item_id").distinct().join(hidden, on=["user_id", "item_id"], how="left_anti")


def popular_ranks(items: DataFrame, interactions: DataFrame, recent: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Rank the available items by goal events, ever and lately.

    Args:
        items: `item_id` of every item that the lists could show.
        interactions: The matrix as of the lists' date.
        recent: Goal events of the last days before it.

    Returns:
        Two frames `item_id, place`, from 1; lately equal items are ordered by their all-time place.
    """
    ever = interactions.groupBy("item_id").agg(F.sum("n_goals").alias("n_ever"))
    lately = recent.groupBy("item_id").agg(F.count(F.lit(1)).alias("n_lately"))
    counted = items.join(ever, on="item_id", how="left").join(lately, on="item_id", how="left")
    by_ever = Window.orderBy(F.desc_nulls_last("n_ever"), F.asc("item_id"))
    by_lately = Window.orderBy(F.desc_nulls_last("n_lately"), F.desc_nulls_last("n_ever"), F.asc("item_id"))
    return (
        counted.select("item_id", F.row_number().over(by_ever).alias("place")),
        counted.select("item_id", F.row_number().over(by_lately).alias("place")),
    )


def recent_goals(events: DataFrame, goal: Column, list_date: date, days: int) -> DataFrame:
    """Return the goal events of the last days up to the end of a date."""
    inside = (F.col("event_at") >= _start_of(list_date + timedelta(days=1 - days))) & ~is_after(list_date)
    return events.where(inside & goal & F.col("item_id").isNotNull()).select("item_id")


def lists_from_ranks(ranks: DataFrame, users: DataFrame, hidden: DataFrame, k: int) -> DataFrame:
    """Give each user the first `k` ranked items that the rules do not hide from them.

    Args:
        ranks: `item_id, place`.
        users: `user_id`.
        hidden: `user_id, item_id` pairs.
        k: List length.

    Returns:
        `user_id, item_id, rank`.
    """
    counts = hidden.groupBy("user_id").agg(F.count(F.lit(1)).alias("n_hidden"))
    deep = users.join(counts, on="user_id", how="left").withColumn("depth", k + F.coalesce("n_hidden", F.lit(0)))
    shown = deep.join(F.broadcast(ranks), on=F.col("place") <= F.col("depth"), how="inner")
    left = shown.join(hidden, on=["user_id", "item_id"], how="left_anti")
    rank = F.row_number().over(Window.partitionBy("user_id").orderBy("place"))
    return left.withColumn("rank", rank).where(F.col("rank") <= k).select("user_id", "item_id", "rank")


def _start_of(day: date) -> Column:
    # A timestamp of the session, whose time zone is UTC; a naive datetime would be taken for local time.
    return F.lit(day).cast("timestamp")
