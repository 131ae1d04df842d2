"""Ranking and diversity metrics as Spark columns; pure frame functions.

Several kinds of lists are measured at once, told apart by `list_source`, and at several lengths `k`.
Source: Järvelin and Kekäläinen 2002 (NDCG, binary gains), Shannon 1948 (entropy, bits), Simpson 1949 (diversity 1 - D).
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Z_95 = 1.959964


def hits_by_user(lists: DataFrame, relevant: DataFrame) -> DataFrame:
    """Line up each user's hits.

    Args:
        lists: `list_source, user_id, item_id, rank`.
        relevant: Distinct `user_id, item_id`.

    Returns:
        `list_source, user_id, hits, n_relevant` for users with both: `hits` are the ranks of relevant items, ascending.
    """
    counts = relevant.groupBy("user_id").agg(F.count(F.lit(1)).alias("n_relevant"))
    marked = lists.join(relevant.withColumn("is_hit", F.lit(True)), on=["user_id", "item_id"], how="left")
    # Nulls are no elements of a collected list.
    ranks = F.sort_array(F.collect_list(F.when(F.col("is_hit"), F.col("rank"))))
    return marked.groupBy("list_source", "user_id").agg(ranks.alias("hits")).join(counts, on="user_id", how="inner")


def accuracy_columns(k: int) -> dict[str, Column]:
    """Return the accuracy metrics of one user at `k`, over `hits` and `n_relevant`, each between 0 and 1."""
    hits = F.filter("hits", lambda rank: rank <= k)
    reachable = F.least(F.col("n_relevant"), F.lit(k)).cast("int")
    gain = F.aggregate(hits, F.lit(0.0), lambda acc, rank: acc + 1 / F.log2(rank + F.lit(1.0)))
    best = F.aggregate(
        F.sequence(F.lit(1), reachable), F.lit(0.0), lambda acc, rank: acc + 1 / F.log2(rank + F.lit(1.0))
    )
    precisions = F.transform(hits, lambda rank, place: (place + 1) / rank)
    return {
        "recall": F.size(hits) / F.col("n_relevant"),
        "ndcg": gain / best,
        "map": F.aggregate(precisions, F.lit(0.0), lambda acc, p: acc + p) / reachable,
        "hit_rate": (F.size(hits) > 0).cast("double"),
    }


def accuracy(hits: DataFrame, ks: Sequence[int]) -> DataFrame:
    """Average over users, with the 95 % interval of the normal approximation.

    Args:
        hits: As of `hits_by_user`.
        ks: List lengths.

    Returns:
        `list_source, metric, k, value, low, high, n_users`: one row a metric; none for a source without users.
    """
    measured = [
        F.struct(F.lit(name).alias("metric"), F.lit(k).alias("k"), value.alias("value"))
        for k in ks
        for name, value in accuracy_columns(k).items()
    ]
    averaged = (
        hits.select("list_source", F.inline(F.array(*measured)))
        .groupBy("list_source", "metric", "k")
        .agg(F.avg("value").alias("mean"), F.stddev_samp("value").alias("std"), F.count(F.lit(1)).alias("n_users"))
    )
    margin = Z_95 * F.col("std") / F.sqrt("n_users")
    low, high = F.col("mean") - margin, F.col("mean") + margin
    return averaged.select(
        "list_source", "metric", "k", F.col("mean").alias("value"), low.alias("low"), high.alias("high"), "n_users"
    )


def diversity(lists: DataFrame, ks: Sequence[int], n_items: int) -> DataFrame:
    """Say how widely the lists spread over the catalogue.

    Args:
        lists: `list_source, user_id, item_id, rank`.
        ks: List lengths.
        n_items: Items that could have been shown.

    Returns:
        Rows in the form of `accuracy`, without interval: `coverage` (share of items shown), `entropy` (bits),
        `simpson` (chance that two shown places hold different items); none for a source without lists.
    """
    shown = lists.withColumn("k", F.explode(F.array(*[F.lit(k) for k in ks]))).where(F.col("rank") <= F.col("k"))
    users = shown.groupBy("list_source", "k").agg(F.countDistinct("user_id").alias("n_users"))
    counts = shown.groupBy("list_source", "k", "item_id").agg(F.count(F.lit(1)).alias("n"))
    places = F.sum("n")
    # With shares n / places: -sum(share * log2(share)) = log2(places) - sum(n * log2(n)) / places.
    wide = counts.groupBy("list_source", "k").agg(
        (F.count(F.lit(1)) / n_items).alias("coverage"),
        (F.log2(places) - F.sum(F.col("n") * F.log2("n")) / places).alias("entropy"),
        (1 - F.sum(F.col("n") * F.col("n")) / (places * places)).alias("simpson"),
    )
    long = wide.unpivot(["list_source", "k"], ["coverage", "entropy", "simpson"], "metric", "value")
    unknown = F.lit(None).cast("double")
    return long.join(users, on=["list_source", "k"], how="inner").select(
        "list_source", "metric", "k", "value", unknown.alias("low"), unknown.alias("high"), "n_users"
    )
