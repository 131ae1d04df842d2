"""What several users say of an item in their reviews, word by word; pure frame functions."""

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # unknown to the stubs

from nightrec.reasons.words import SHOWN, words

LEAST_AGREEMENT = 2.25
"""In 10,042 reviews of Musical Instruments "than", "really" and "price" have 1.1 to 1.3, "these" 2.1, "sturdy" 2.3,
"sustain" 7, "accurate" 30: words that are written of anything come near 1, whatever the language."""
PER_ITEM = 10


def item_aspects(events: DataFrame, min_users: int) -> DataFrame:
    """Return the words that tell most of each item.

    A word tells something if users who reviewed the same item agree on it `LEAST_AGREEMENT` times as often as chance
    would have it: `(pairs of them who both wrote it / pairs of them) / share of all who wrote it ** 2`.

    Args:
        events: Rows of `events`, written by the run date; reviews of an item are read, others passed over.
        min_users: Fewer users than this have said nothing, for their privacy.

    Returns:
        `item_id, place, text, n_users`, at most `PER_ITEM` an item: those with the highest `n_users * ln(share of its
        reviewers who wrote it / share of all)`, where that is above zero.
    """
    is_review = (F.col("event_type") == "review") & F.col("item_id").isNotNull() & F.col("text").isNotNull()
    reviews = events.where(is_review)
    reviewers = reviews.groupBy("item_id").agg(F.count_distinct("user_id").alias("n_reviewers"))
    said = reviews.select("item_id", "user_id", F.explode(_terms()(F.col("text"))).alias("text")).distinct()
    counted = said.groupBy("item_id", "text").agg(F.count(F.lit(1)).alias("n_users"))
    agreed = counted.where(F.col("n_users") >= min_users).join(reviewers, on="item_id", how="inner")
    telling = agreed.join(_telling_words(counted, reviewers), on="text", how="inner")
    lift = F.col("n_users") / F.col("n_reviewers") / F.col("share")
    best_first = Window.partitionBy("item_id").orderBy(
        (F.col("n_users") * F.log(lift)).desc(), F.length("text").desc(), F.asc("text")
    )
    placed = telling.where(lift > 1).withColumn("place", F.row_number().over(best_first))
    return placed.where(F.col("place") <= PER_ITEM).select("item_id", "place", "text", "n_users")


def _telling_words(counted: DataFrame, reviewers: DataFrame) -> DataFrame:
    """Return `text, share`, unique by text: who wrote it among all, where reviewers of one item agree on it."""
    all_pairs = reviewers.agg(F.sum("n_reviewers").alias("n_all"), _pairs("n_reviewers").alias("n_pairs"))
    by_word = counted.groupBy("text").agg(F.sum("n_users").alias("n_said"), _pairs("n_users").alias("n_both"))
    shared = by_word.crossJoin(F.broadcast(all_pairs)).withColumn("share", F.col("n_said") / F.col("n_all"))
    by_chance = F.pow("share", F.lit(2)) * F.col("n_pairs")
    return shared.where(F.col("n_both") >= LEAST_AGREEMENT * by_chance).where("n_both > 0").select("text", "share")


def _pairs(count: str) -> Column:
    return F.sum(F.col(count) * (F.col(count) - 1))


def _terms() -> Callable[..., Column]:
    def terms(texts: pa.Array) -> pa.Array:
        return pa.array(
            [[word for word in words(text) if len(word) <= SHOWN] for text in texts.to_pylist()], pa.list_(pa.string())
        )

    # Reasons compare words as this function finds them, Chinese ones too.
    column: Callable[..., Column] = arrow_udf(terms, "array<string>")
    return column
