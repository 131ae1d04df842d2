"""How many users turned to each item, the one definition that reasons and their gate share; pure frame functions."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.reasons.evidence import EVER, NOTED, OWN_WORDS

MICROS_PER_DAY = 86_400_000_000


def met_pairs(interactions: DataFrame) -> DataFrame:
    """Return `user_id, item_id, last_at` of everything that users' histories hold: rows of positive weight."""
    return interactions.where(F.col("weight") > 0).select("user_id", "item_id", "last_at")


def item_users(met: DataFrame, run_date: date, windows: Sequence[int]) -> DataFrame:
    """Count the users who turned to each item ever, and lately: whose newest event with it lies in the window.

    Args:
        met: Result of `met_pairs`, unique by user and item.
        run_date: Last day (UTC) of the windows; what came later counts in `EVER` alone.
        windows: Days.

    Returns:
        `item_id, n_users`, a map from `EVER` and each window to users.
    """
    end = F.unix_micros(F.lit(run_date + timedelta(days=1)).cast("timestamp"))
    age = (end - F.unix_micros("last_at")) / F.lit(MICROS_PER_DAY)
    counts: list[Column] = [F.lit(EVER), F.count(F.lit(1))]
    for days in windows:
        counts += [F.lit(days), F.count_if((age > 0) & (age <= days))]
    return met.groupBy("item_id").agg(F.create_map(*counts).alias("n_users"))


def newest_texts(user_texts: DataFrame, count: int, max_chars: int) -> DataFrame:
    """Return `user_id, texts`: the newest texts of each user, newest first, each cut and with its kind of evidence."""
    names = F.create_map(*(F.lit(word) for pair in OWN_WORDS.items() for word in pair))
    kind = F.coalesce(F.try_element_at(names, "event_type"), F.lit(NOTED))
    own = F.struct(kind.alias("kind"), F.substring("text", 1, max_chars).alias("text"))
    piece = F.struct("place", own.alias("own"))
    newest = user_texts.where(F.col("place") <= count).groupBy("user_id").agg(F.array_sort(F.collect_list(piece)))
    return newest.toDF("user_id", "pieces").select("user_id", F.col("pieces.own").alias("texts"))
