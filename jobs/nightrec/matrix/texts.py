"""The texts that describe users and items, piece by piece; pure frame functions."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

JOINT = ". "
PIECE = r"(?s)\S.{0,299}(?=\s|$)|\S{1,300}"
"""About as much as 64 tokens of English hold; texts without spaces are split anywhere."""


def written_by(events: DataFrame, run_date: date) -> DataFrame:
    """Keep what happened by the end of a day (UTC); a delivery may hold events of a clock that runs ahead."""
    return events.where(F.col("event_at") < F.lit(run_date + timedelta(days=1)).cast("timestamp"))


def recent_texts(events: DataFrame, key: str, count: int, held_out: DataFrame) -> DataFrame:
    """Number the newest texts of each user or item.

    Args:
        events: Rows of `events`; those without text or without the key are passed over.
        key: `user_id` or `item_id`.
        count: Texts kept a key.
        held_out: Rows of `held_out`.

    Returns:
        The key, `place` from 1 for the newest, `text`, `event_type`, `is_held_out`: it may give away what is held out,
        being written since, or about an item that is held out of its author.
    """
    newest_first = Window.partitionBy(key).orderBy(F.desc("event_at"), F.asc("event_id"))
    written = events.where(F.col(key).isNotNull() & (F.trim("text") != ""))
    numbered = written.withColumn("place", F.row_number().over(newest_first)).where(F.col("place") <= count)
    since = held_out.groupBy("user_id").agg(F.min("cut_at").alias("own"))
    # One moment for all is a cut by time, which holds for those too of whom nothing is held out.
    first, is_one = F.min("cut_at"), F.count_distinct("cut_at") == 1
    for_all = held_out.agg(F.when(is_one & (F.count_distinct("user_id") > 1), first).alias("for_all"))
    about = held_out.select("user_id", "item_id", F.lit(True).alias("is_about"))
    marked = (
        numbered.join(since, on="user_id", how="left")
        .join(F.broadcast(for_all), how="cross")
        .join(about, on=["user_id", "item_id"], how="left")
    )
    is_since = F.coalesce(F.col("event_at") >= F.coalesce("own", "for_all"), F.lit(False))
    is_held_out = is_since | F.coalesce("is_about", F.lit(False))
    return marked.select(key, "place", F.trim("text").alias("text"), "event_type", is_held_out.alias("is_held_out"))


def user_texts(written: DataFrame, max_chars: int) -> DataFrame:
    """Return rows of `user_texts` from `recent_texts` by user."""
    return written.select("user_id", "place", *_text_and_hash(F.col("text"), max_chars), "event_type", "is_held_out")


def item_texts(items: DataFrame, written: DataFrame, max_chars: int) -> DataFrame:
    """Return rows of `item_texts`: the catalogue's words from place 0 on, then what users wrote.

    Args:
        items: Rows of `items`.
        written: `recent_texts` by item; texts of items outside the catalogue are left out.
        max_chars: Longest text. The catalogue's is split between words, so that a model reads a long one to its end.
    """
    words = F.concat_ws(JOINT, _present("title"), _listed("categories"), _listed("tags"), _present("description"))
    pieces = F.regexp_extract_all(F.substring(words, 1, max_chars), F.lit(PIECE), F.lit(0))
    catalogue = items.select("item_id", F.posexplode(pieces).alias("part", "text"), F.lit(False).alias("is_held_out"))
    known = (
        written.drop("event_type")
        .join(items.select("item_id"), on="item_id", how="left_semi")
        .withColumnRenamed("place", "part")
    )
    both = catalogue.withColumn("is_written", F.lit(False)).unionByName(known.withColumn("is_written", F.lit(True)))
    in_order = Window.partitionBy("item_id").orderBy("is_written", "part")
    placed = both.withColumn("place", F.row_number().over(in_order) - 1)
    return placed.select("item_id", "place", *_text_and_hash(F.col("text"), max_chars), "is_held_out")


def _present(column: str) -> Column:
    return F.when(F.trim(column) != "", F.trim(column))


def _listed(column: str) -> Column:
    return F.replace(_present(column), F.lit("|"), F.lit(", "))


def _text_and_hash(text: Column, max_chars: int) -> tuple[Column, Column]:
    short = F.substring(text, 1, max_chars)
    return short.alias("text"), F.sha2(short, 256).alias("text_hash")
