"""What users search for, and what they turn to next; pure frame functions."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.cleaning.masking import MASKS

TURNED = ("click", "cart", "purchase", "play")


def folded(text: Column) -> Column:
    """Return a query in the one spelling that all its spellings share: lower case, single spaces."""
    return F.lower(F.trim(F.regexp_replace(text, r"\s+", " ")))


def within(events: DataFrame, run_date: date, days: int) -> DataFrame:
    """Keep the events of the days that end with the run date (UTC)."""
    end = F.lit(run_date + timedelta(days=1)).cast("timestamp")
    begin = F.lit(run_date + timedelta(days=1 - days)).cast("timestamp")
    return events.where((F.col("event_at") >= begin) & (F.col("event_at") < end))


def searches(events: DataFrame) -> DataFrame:
    """Return `query, user_id, session_id, event_at` of the searches with words; what was masked is nobody's query."""
    is_search = (F.col("event_type") == "search") & (F.trim("text") != "") & ~F.col("text").rlike("|".join(MASKS))
    return events.where(is_search).select(folded(F.col("text")).alias("query"), "user_id", "session_id", "event_at")


def head_queries(asked: DataFrame, min_users: int, n: int) -> DataFrame:
    """Return the queries of most users.

    Args:
        asked: Result of `searches`.
        min_users: Queries of fewer users are left out, for their privacy.
        n: How many queries at most; equal ones by query.

    Returns:
        `query, n_users`, unique by `query`.
    """
    counted = asked.groupBy("query").agg(F.countDistinct("user_id").alias("n_users"))
    return counted.where(F.col("n_users") >= min_users).orderBy(F.desc("n_users"), "query").limit(n)


def turned_to(asked: DataFrame, events: DataFrame, minutes: int, min_users: int) -> DataFrame:
    """Count who turned to which item after a query: soon, or later in the same session.

    Args:
        asked: Rows as of `searches`.
        events: Rows of `events`.
        minutes: What is soon.
        min_users: Items that fewer users turned to are left out, so that a list tells of nobody.

    Returns:
        `query, item_id, n_users`: distinct users.
    """
    taken = events.where(F.col("event_type").isin(*TURNED) & F.col("item_id").isNotNull())
    taken = taken.select("user_id", "item_id", F.col("session_id").alias("then_session"), F.col("event_at").alias("at"))
    soon = F.col("at") <= F.col("event_at") + F.expr(f"INTERVAL {minutes} MINUTES")
    is_next = (F.col("at") >= F.col("event_at")) & (soon | (F.col("then_session") == F.col("session_id")))
    pairs = asked.join(taken, on=["user_id"], how="inner").where(is_next)
    counted = pairs.groupBy("query", "item_id").agg(F.countDistinct("user_id").alias("n_users"))
    return counted.where(F.col("n_users") >= min_users)


def spelt(user_texts: DataFrame, queries: DataFrame) -> DataFrame:
    """Return `query, text_hash` of the texts that spell a query; both tables unique by their keys."""
    spellings = user_texts.select(folded(F.col("text")).alias("query"), "text_hash").distinct()
    return spellings.join(F.broadcast(queries.select("query")), on=["query"], how="inner")
