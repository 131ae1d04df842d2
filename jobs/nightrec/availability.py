"""Which items a list may show to whom: the rules that lists, their gate and their evaluation share; frame functions."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def is_available(run_date: date) -> Column:
    """Tell which items can be shown at some time of the day after the run date (UTC)."""
    shown = F.lit(run_date + timedelta(days=1)).cast("timestamp")
    gone = F.lit(run_date + timedelta(days=2)).cast("timestamp")
    starts = F.col("available_from").isNull() | (F.col("available_from") < gone)
    ends = F.col("available_to").isNull() | (F.col("available_to") >= shown)
    return starts & ends


def available(items: DataFrame, run_date: date) -> DataFrame:
    """Keep the items that can be shown, as of `is_available`."""
    return items.where(is_available(run_date))


def hidden_items(interactions: DataFrame, run_date: date, exclude_seen_days: int | None) -> DataFrame:
    """Return the pairs that must not be listed.

    Args:
        interactions: The matrix as of the run date.
        run_date: Its date.
        exclude_seen_days: Hide what was touched in the last N days; 0 hides nothing, None everything ever touched.
    """
    pairs = interactions.select("user_id", "item_id", "last_at")
    if exclude_seen_days is not None:
        since = F.lit(run_date + timedelta(days=1)).cast("timestamp") - F.expr(f"INTERVAL {exclude_seen_days} DAYS")
        pairs = pairs.where(F.col("last_at") >= since) if exclude_seen_days > 0 else pairs.where(F.lit(False))
    return pairs.select("user_id", "item_id")
