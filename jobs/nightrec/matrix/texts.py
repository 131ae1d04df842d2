"""The texts that describe users and items, piece by piece; pure frame functions."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

JOINT = ". "
PIECE = r"(?s)\S.{0,299}(?=\s|$)|\S{1,300}"
"""About as much as 64 tokens of English hold; texts without spaces are split anywhere."""


def first_held_out(interactions: DataFrame, held_out: DataFrame) -> DataFrame:
    """Return `user_id, held_from`: when the first of each user's held-out interactions happened."""
    pairs = interactions.join(held_out, on=["user_id", "item_id"], how="left_semi")
    return pairs.groupBy("user_id").agg(F.min("last_at").alias("held_from"))


def written_by(events: DataFrame, run_date: date) -> DataFrame:
    """Keep what happened by the end of a day (UTC); a delivery may hold events of a clock that runs ahead."""
    return events.where(F.col("event_at") < F.lit(run_date + timedelta(days=1)).cast("timestamp"))


def recent_texts(events: DataFrame, key: str, count: int, held_from: DataFrame) -> DataFrame:
    """Number the newest texts of each user or item.

    Args:
        events: Rows of `events`; those without text or without the key are passed over.
        key: `user_id` or `item_id`.
        count: Texts kept a key.
        held_from: `first_held_out`, unique by `user_id`.

    Returns:
        The key, `place` from 1 for the newest, `text`, `event_type`, `is_held_out`: written when its author's held-out
        interactions had begun, so that it may give them away.
    """
    newest_first = Window.partitionBy(key).orderBy(F.desc("event_at"), F.asc("event_id"))
    written = events.where(F.col(key).isNotNull() & (F.trim("text") != ""))
    numbered = written.withColumn("place", F.row_number().over(newest_first)).where(F.col("place") <= count)
    is_held_out = F.coalesce(F.col("event_at") >= F.col("held_from"), F.lit(False))
    return numbered.join(held_from, on="user_id", how="left").select(
        key, "place", F.trim("text").alias("text"), "event_type", is_held_out.alias("is_held_out")
    )


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
