"""Popular and trending lists by window and category; pure frame functions."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

MICROS_PER_DAY = 86_400_000_000
EVERYTHING = ""
"""Stands for all categories; no category of the catalogue is empty."""
Z_95 = 1.959964


def window_users(events: DataFrame, run_date: date, windows: Sequence[int]) -> DataFrame:
    """Count the users of each item in windows that end with the run date, and in the windows before these.

    Args:
        events: `user_id, item_id, event_at` of the events that count; those without item do not.
        run_date: Last day (UTC) of the windows; later events count in none.
        windows: Lengths in days.

    Returns:
        `item_id, days, n_users, n_before`: distinct users; one row per item with an event, and window.
    """
    end = F.unix_micros(F.lit(run_date + timedelta(days=1)).cast("timestamp"))
    age = (end - F.unix_micros("event_at")) / F.lit(MICROS_PER_DAY)
    now = {f"now_{days}": (age > 0) & (age <= days) for days in windows}
    before = {f"before_{days}": (age > days) & (age <= 2 * days) for days in windows}
    # A row per user and item first: counting distinct users directly would repeat every event for every window.
    met = [F.max(is_inside).alias(name) for name, is_inside in {**now, **before}.items()]
    by_user = events.where(F.col("item_id").isNotNull()).groupBy("user_id", "item_id").agg(*met)
    counts = by_user.groupBy("item_id").agg(*[F.count_if(F.col(name)).alias(name) for name in [*now, *before]])
    rows = [
        F.struct(
            F.lit(days).alias("days"), F.col(f"now_{days}").alias("n_users"), F.col(f"before_{days}").alias("n_before")
        )
        for days in windows
    ]
    return counts.select("item_id", F.inline(F.array(*rows)))


def growth(n_users: Column, n_before: Column, n_all: Column, n_all_before: Column) -> Column:
    """Return how many times its share of the shop an item has at least reached, with 97.5 % confidence.

    Users of the two windows are Poisson counts, so given their sum `n` the later one is binomial with share `p`, and
    the ratio of their rates is `p / (1 - p)`; `p` is put at the lower end of Wilson's interval, which is far below 1
    for a handful of users. Divided by the growth of the whole shop, so that a busy week makes no item trend.
    Source: Przyborowski and Wilenski 1940 (ratio of two Poisson rates), Wilson 1927 (interval, z = 1.96).

    Args:
        n_users: Users in the window.
        n_before: Users in the window before.
        n_all: Sum of `n_users` over all items.
        n_all_before: Sum of `n_before` over all items.

    Returns:
        At least 0; above 1 only for items that grew more than the shop. Null without users in either window.
    """
    n = n_users + n_before
    share = F.try_divide(n_users, n)
    margin = Z_95 * F.sqrt(F.try_divide(share * (1 - share), n) + F.try_divide(F.lit(Z_95**2 / 4), n * n))
    low = (share + F.try_divide(F.lit(Z_95**2 / 2), n) - margin) / (1 + F.try_divide(F.lit(Z_95**2), n))
    # Rounding can leave an item without users in the window a hair below zero.
    return F.greatest(low, F.lit(0.0)) / (1 - low) * F.try_divide(n_all_before, n_all)


def with_growth(counts: DataFrame) -> DataFrame:
    """Add `growth` to the result of `window_users`."""
    sums = [F.sum("n_users").alias("n_all"), F.sum("n_before").alias("n_all_before")]
    totals = counts.groupBy("days").agg(*sums)
    joined = counts.join(F.broadcast(totals), on="days", how="inner")
    grown = growth(F.col("n_users"), F.col("n_before"), F.col("n_all"), F.col("n_all_before"))
    return joined.withColumn("growth", grown).drop("n_all", "n_all_before")


def by_category(items: DataFrame) -> DataFrame:
    """Return `item_id, category`: one row per category of an item, and one with `EVERYTHING`.

    Args:
        items: `item_id, categories`, joined with a bar; unique by `item_id`.
    """
    single = F.transform(F.split(F.coalesce("categories", F.lit("")), r"\|"), lambda category: F.trim(category))
    return items.select("item_id", F.explode(F.array_union(F.array(F.lit(EVERYTHING)), single)).alias("category"))


def popular_lists(counts: DataFrame, items: DataFrame, min_users: int, n: int) -> DataFrame:
    """Make the lists; equal scores are ordered by `item_id`.

    Args:
        counts: Result of `with_growth`.
        items: `item_id, categories` of every item that can be shown, unique.
        min_users: Items with fewer users in a window are not listed for it.
        n: Length of a list.

    Returns:
        `kind, days, category, rank, item_id, n_users, score`: `popular` by users, `trending` by growth above 1.
    """
    kinds = [
        F.struct(F.lit("popular").alias("kind"), F.col("n_users").cast("float").alias("score")),
        F.struct(F.lit("trending").alias("kind"), F.col("growth").cast("float").alias("score")),
    ]
    listed = counts.where(F.col("n_users") >= min_users).select("item_id", "days", "n_users", F.inline(F.array(*kinds)))
    listed = listed.where((F.col("kind") == "popular") | (F.col("score") > 1))
    filed = listed.join(by_category(items), on="item_id", how="inner")
    best_first = Window.partitionBy("kind", "days", "category").orderBy(F.desc("score"), F.asc("item_id"))
    ranked = filed.withColumn("rank", F.row_number().over(best_first)).where(F.col("rank") <= n)
    return ranked.select("kind", "days", "category", "rank", "item_id", "n_users", "score")
