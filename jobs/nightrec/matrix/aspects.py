"""What several users say of an item in their reviews, word by word; pure frame functions."""

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # unknown to the stubs

from nightrec.reasons.words import SHOWN, words

LEAST_AGREEMENT = 2.25
"""In 10,261 reviews of Musical Instruments "than", "really" and "price" have 1.1 to 1.3, "these" 2.1, "sturdy" 2.3,
"sustain" 7, "accurate" 29: words that are written of anything come near 1. Of texts shuffled among the items
1 % as many pass."""
PER_ITEM = 10


def item_aspects(events: DataFrame, min_users: int) -> DataFrame:
    """Return the words that tell most of each item.

    A word tells something if users who reviewed the same item agree on it `LEAST_AGREEMENT` times as often as chance
    would have it: `sum(pairs of them who both wrote it) / sum(pairs of them * share of all who wrote it ** 2)`. Pairs
    and shares are of one language, or reviewers of an item in another than the rest would seem to agree on every word.
    In one language, with equally many reviewers an item, this is nearly Morisita's index of dispersion: 1 where a word
    falls on items at random. Source: Morisita 1959, Mem. Fac. Sci. Kyushu Univ. E 2, 215-235.

    Args:
        events: Rows of `events`, written by the run date; reviews of an item are read, others passed over.
        min_users: Fewer users than this have said nothing, for their privacy.

    Returns:
        `item_id, place, text, n_users`, at most `PER_ITEM` an item: those with the highest `n_users * ln(n_users / as
        many as by chance)`, where that is above zero.
    """
    is_review = (F.col("event_type") == "review") & F.col("item_id").isNotNull() & F.col("text").isNotNull()
    reviews = events.where(is_review).select("item_id", "user_id", "language", _terms()(F.col("text")).alias("terms"))
    # A user who reviewed an item in two languages is still one.
    language, terms = F.coalesce(F.min("language"), F.lit("")), F.array_distinct(F.flatten(F.collect_list("terms")))
    by_user = reviews.groupBy("item_id", "user_id").agg(language.alias("language"), terms.alias("terms"))
    reviewers = by_user.groupBy("item_id", "language").agg(F.count(F.lit(1)).alias("n_reviewers"))
    said = by_user.select("item_id", "language", F.explode("terms").alias("text"))
    counted = said.groupBy("item_id", "language", "text").agg(F.count(F.lit(1)).alias("n_users"))
    telling = counted.join(_telling_words(counted, reviewers), on=["language", "text"], how="inner").join(
        reviewers, on=["item_id", "language"], how="inner"
    )
    agreed = telling.groupBy("item_id", "text").agg(
        F.sum("n_users").alias("n_users"), F.sum(F.col("n_reviewers") * F.col("share")).alias("by_chance")
    )
    tells = F.col("n_users") * F.log(F.col("n_users") / F.col("by_chance"))
    best_first = Window.partitionBy("item_id").orderBy(tells.desc(), F.length("text").desc(), F.asc("text"))
    enough = agreed.where((F.col("n_users") >= min_users) & (F.col("n_users") > F.col("by_chance")))
    placed = enough.withColumn("place", F.row_number().over(best_first))
    return placed.where(F.col("place") <= PER_ITEM).select("item_id", "place", "text", "n_users")


def _telling_words(counted: DataFrame, reviewers: DataFrame) -> DataFrame:
    """Return `language, text, share`, unique by the first two: who wrote a word on which reviewers of an item agree."""
    all_pairs = reviewers.groupBy("language").agg(F.sum("n_reviewers").alias("n_all"), _pairs("n_reviewers").alias("n"))
    by_word = counted.groupBy("language", "text").agg(F.sum("n_users").alias("n_said"), _pairs("n_users").alias("both"))
    shared = by_word.join(F.broadcast(all_pairs), on="language", how="inner").withColumn(
        "share", F.col("n_said") / F.col("n_all")
    )
    of_word = Window.partitionBy("text")
    both, by_chance = F.sum("both").over(of_word), F.sum(F.pow("share", F.lit(2)) * F.col("n")).over(of_word)
    is_telling = (both > 0) & (both >= LEAST_AGREEMENT * by_chance)
    return shared.withColumn("is_telling", is_telling).where("is_telling").select("language", "text", "share")


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
