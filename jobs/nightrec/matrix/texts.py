"""The texts that describe users and items; pure frame functions."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

JOINT = ". "


def recent_texts(events: DataFrame, key: str, count: int) -> DataFrame:
    """Join the newest texts of each user or item, newest first.

    Args:
        events: Rows of `events`; those without text or without the key are passed over.
        key: `user_id` or `item_id`.
        count: Texts kept a key.

    Returns:
        One row per key: the key and `written`.
    """
    newest_first = Window.partitionBy(key).orderBy(F.desc("event_at"), F.asc("event_id"))
    written = events.where(F.col(key).isNotNull() & (F.trim("text") != ""))
    numbered = written.select(key, "text", F.row_number().over(newest_first).alias("place")).where(
        F.col("place") <= count
    )
    in_order = F.array_sort(F.collect_list(F.struct("place", "text")))["text"]
    return numbered.groupBy(key).agg(F.array_join(in_order, JOINT).alias("written"))


def user_texts(written: DataFrame, max_chars: int) -> DataFrame:
    """Return rows of `user_texts` from `recent_texts` by user."""
    return written.select("user_id", *_text_and_hash(F.col("written"), max_chars))


def item_texts(items: DataFrame, written: DataFrame, max_chars: int) -> DataFrame:
    """Return rows of `item_texts`: catalogue words first, then what users wrote.

    Args:
        items: Rows of `items`.
        written: `recent_texts` by item; unique by `item_id`.
        max_chars: Longest text.
    """
    words = [_present("title"), _listed("categories"), _listed("tags"), _present("description"), _present("written")]
    joined = items.join(written, on="item_id", how="left").withColumn("joined", F.concat_ws(JOINT, *words))
    return joined.where(F.col("joined") != "").select("item_id", *_text_and_hash(F.col("joined"), max_chars))


def _present(column: str) -> Column:
    return F.when(F.trim(column) != "", F.trim(column))


def _listed(column: str) -> Column:
    return F.replace(_present(column), F.lit("|"), F.lit(", "))


def _text_and_hash(text: Column, max_chars: int) -> tuple[Column, Column]:
    short = F.substring(text, 1, max_chars)
    return short.alias("text"), F.sha2(short, 256).alias("text_hash")
