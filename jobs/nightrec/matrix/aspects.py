"""What several users say of an item in their reviews, word by word; pure frame functions."""

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # unknown to the stubs

from nightrec.reasons.words import words

COMMON_FRAC = 0.1
"""A word that reviewers of more of the items use tells nothing."""
PER_ITEM = 10


def item_aspects(events: DataFrame, min_users: int) -> DataFrame:
    """Return the words that tell most of each item.

    Args:
        events: Rows of `events`; reviews of an item are read, others passed over.
        min_users: Fewer users than this have said nothing, for their privacy.

    Returns:
        `item_id, text, n_users`, at most `PER_ITEM` an item: those with the highest `n_users * ln(n / n_with)`, of `n`
        items that reviewers agree on anything of, `n_with` of them on this word. Words of more than `COMMON_FRAC` of
        the items, and of more than two, are left out.
    """
    is_review = (F.col("event_type") == "review") & F.col("item_id").isNotNull() & F.col("text").isNotNull()
    terms = F.explode(_terms()(F.col("text"))).alias("text")
    said = events.where(is_review).select("item_id", "user_id", terms).distinct()
    agreed = (
        said.groupBy("item_id", "text").agg(F.count(F.lit(1)).alias("n_users")).where(F.col("n_users") >= min_users)
    )
    counted = agreed.withColumn("n_with", F.count(F.lit(1)).over(Window.partitionBy("text")))
    total = agreed.agg(F.count_distinct("item_id").alias("n_items"))
    tells = F.col("n_users") * F.log(F.col("n_items") / F.col("n_with"))
    telling = counted.crossJoin(F.broadcast(total)).where(
        F.col("n_with") <= F.greatest(F.lit(2), COMMON_FRAC * F.col("n_items"))
    )
    best_first = Window.partitionBy("item_id").orderBy(tells.desc(), F.length("text").desc(), F.asc("text"))
    placed = telling.withColumn("place", F.row_number().over(best_first))
    return placed.where(F.col("place") <= PER_ITEM).select("item_id", "place", "text", "n_users")


def _terms() -> Callable[..., Column]:
    def terms(texts: pa.Array) -> pa.Array:
        return pa.array([list(words(text)) for text in texts.to_pylist()], pa.list_(pa.string()))

    # Reasons compare words as this function finds them, Chinese ones too.
    column: Callable[..., Column] = arrow_udf(terms, "array<string>")
    return column
