"""The frames that rules are asked of: tables with a flag for each check across tables, true where all is well.

A flag is empty where another rule already says what is wrong, such as an empty or unknown item.
"""

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

ITEMLESS = ("question", "search")


def check_events(events: DataFrame, items: DataFrame, last_moment: datetime) -> DataFrame:
    """Add `has_item`, `is_in_time` and `is_known_item` to events; as many rows come out as go in.

    Args:
        events: Rows of `events`.
        items: Rows of `items`, `item_id` unique.
        last_moment: Later events are not in time; with its time zone.
    """
    known = items.select("item_id").distinct().withColumn("is_known_item", F.lit(True))
    return (
        events.join(known, on=["item_id"], how="left")
        .withColumn("is_known_item", F.when(F.col("item_id").isNotNull(), _or(F.col("is_known_item"), False)))
        .withColumn("has_item", F.col("item_id").isNotNull() | F.col("event_type").isin(*ITEMLESS))
        .withColumn("is_in_time", F.col("event_at") <= F.lit(last_moment))
    )


def check_deliveries(deliveries: DataFrame, events: DataFrame, max_reject_frac: float) -> DataFrame:
    """Add `n_written`, `is_accounted_for`, `is_whole` and `has_few_rejects` to deliveries.

    Args:
        deliveries: One row per feed.
        events: Rows of `events`; `n_written` counts them, and is empty for other feeds.
        max_reject_frac: Largest share of a feed's lines that may be rejected.
    """
    counted = deliveries.crossJoin(events.agg(F.count("*").alias("n_events")))
    parts = F.col("n_accepted") + F.col("n_rejected") + F.col("n_duplicates")
    reject_frac = F.try_divide("n_rejected", "n_read")
    return (
        counted.withColumn("n_written", F.when(F.col("feed") == "events", F.col("n_events")))
        .withColumn("is_accounted_for", parts == F.col("n_read"))
        .withColumn("is_whole", F.col("n_accepted") == F.col("n_written"))
        .withColumn("has_few_rejects", reject_frac <= max_reject_frac)
        .drop("n_events")
    )


def check_rows(rows: DataFrame, catalogue: DataFrame, by: Sequence[str] = (), item: str = "item_id") -> DataFrame:
    """Add the flags of single list rows; as many rows come out as go in.

    Args:
        rows: `rank, score`, the listed item and more.
        catalogue: `item_id, is_available`, one row per item of the catalogue.
        by: Columns that tell lists apart; none for a single list.
        item: Column of the listed item.

    Returns:
        `rows` with `is_known_item`, `is_available`, `is_single` (its item stands once in the list), `is_finite` and
        `is_in_order` (no higher score than the rank before).
    """
    a_list = [F.col(name) for name in by] or [F.lit(0)]
    previous = F.lag("score").over(Window.partitionBy(*a_list).orderBy("rank", item))
    n_same = F.count("*").over(Window.partitionBy(*a_list, item))
    score, has_item = F.col("score"), F.col(item).isNotNull()
    known = catalogue.select(F.col("item_id").alias(item), "is_available", F.lit(True).alias("is_known_item"))
    is_finite = ~F.isnan(score) & (F.abs(score) != float("inf"))
    return (
        rows.join(known, on=[item], how="left")
        .withColumn("is_known_item", F.when(has_item, _or(F.col("is_known_item"), False)))
        .withColumn("is_single", F.when(has_item, n_same == 1))
        .withColumn("is_finite", is_finite)
        .withColumn("is_in_order", F.when(is_finite, score <= previous))
    )


def check_seen(rows: DataFrame, seen: DataFrame) -> DataFrame:
    """Add `is_unseen` to list rows; `seen` is unique `user_id, item_id` that must not be listed."""
    marked = rows.join(seen.withColumn("is_seen", F.lit(True)), on=["user_id", "item_id"], how="left")
    return marked.withColumn("is_unseen", F.col("is_seen").isNull()).drop("is_seen")


def check_lists(rows: DataFrame, users: DataFrame, seen: DataFrame, catalogue: DataFrame, top_n: int) -> DataFrame:
    """Return one row per user that has a list or should have one.

    Args:
        rows: `topn` rows.
        users: `user_id`, unique: users of the matrix.
        seen: Unique `user_id, item_id` that must not be listed.
        catalogue: As there.
        top_n: Wanted length.

    Returns:
        `user_id, n_ranks, last_rank, n_expected, is_whole, is_known_user, is_covered`. `n_expected` is what the
        available items leave that the user has not seen, at most `top_n`; users for whom nothing is left are covered.
    """
    shown = catalogue.where("is_available")
    hidden = seen.join(shown, on=["item_id"], how="inner").groupBy("user_id").agg(F.count("*").alias("n_hidden"))
    made = rows.where("user_id IS NOT NULL").groupBy("user_id").agg(*_lengths())
    joined = (
        users.withColumn("is_known_user", F.lit(True))
        .join(made, on=["user_id"], how="full_outer")
        .join(hidden, on=["user_id"], how="left")
        .crossJoin(shown.agg(F.count("*").alias("n_shown")))
    )
    left = F.col("n_shown") - _or(F.col("n_hidden"), 0)
    has_list = F.col("n_ranks").isNotNull()
    return (
        joined.withColumn("n_expected", F.least(F.lit(top_n), left))
        .withColumn("is_whole", _is_whole())
        .withColumn("is_covered", F.when(F.col("is_known_user"), has_list | (F.col("n_expected") == 0)))
        .withColumn("is_known_user", _or(F.col("is_known_user"), False))
    )


def check_fallback(rows: DataFrame, catalogue: DataFrame, top_n: int) -> DataFrame:
    """Add the flags of single rows, and to every row `n_ranks, last_rank, n_expected, is_whole` of the list."""
    n_shown = catalogue.agg(F.count_if("is_available").alias("n_shown"))
    measured = check_rows(rows, catalogue).crossJoin(rows.agg(*_lengths())).crossJoin(n_shown)
    return measured.withColumn("n_expected", F.least(F.lit(top_n), F.col("n_shown"))).withColumn(
        "is_whole", _is_whole()
    )


def _lengths() -> list[Column]:
    ranks = F.countDistinct("rank").alias("n_ranks")
    return [ranks, F.min("rank").alias("first_rank"), F.max("rank").alias("last_rank")]


def _is_whole() -> Column:
    # Distinct ranks, so that a repeated rank is the key's fault alone.
    has_length = F.col("n_ranks") == F.col("n_expected")
    return has_length & (F.col("first_rank") == 1) & (F.col("last_rank") == F.col("n_ranks"))


def _or(column: Column, default: bool | int) -> Column:
    return F.coalesce(column, F.lit(default))
