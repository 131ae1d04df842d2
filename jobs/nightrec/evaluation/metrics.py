"""Ranking and diversity metrics as Spark columns; pure frame functions.

Source: Järvelin and Kekäläinen 2002 (NDCG, binary gains), Shannon 1948 (entropy, bits), Simpson 1949 (diversity 1 - D).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Z_95 = 1.959964


def hits_by_user(lists: DataFrame, relevant: DataFrame) -> DataFrame:
    """Line up each user's hits.

    Args:
        lists: `user_id, item_id, rank`.
        relevant: Distinct `user_id, item_id`.

    Returns:
        `user_id, hits, n_relevant`: `hits` are the ranks of relevant items, ascending, for users with both.
    """
    listed = lists.select("user_id").distinct()
    wanted = relevant.join(listed, on="user_id", how="left_semi")
    counts = wanted.groupBy("user_id").agg(F.count(F.lit(1)).alias("n_relevant"))
    hit = lists.join(wanted, on=["user_id", "item_id"], how="inner")
    ranks = hit.groupBy("user_id").agg(F.sort_array(F.collect_list("rank")).alias("hits"))
    nothing = F.array().cast("array<int>")
    joined = counts.join(ranks, on="user_id", how="left")
    return joined.select("user_id", F.coalesce("hits", nothing).alias("hits"), "n_relevant")


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


def accuracy(hits: DataFrame, k: int) -> DataFrame:
    """Average over users, with the 95 % interval of the normal approximation.

    Returns:
        `metric, k, value, low, high, n_users`: one row a metric; none when there are no users.
    """
    by_user = hits.select(*[column.alias(name) for name, column in accuracy_columns(k).items()])
    long = by_user.unpivot([], list(by_user.columns), "metric", "value")
    averaged = long.groupBy("metric").agg(
        F.avg("value").alias("mean"), F.stddev_samp("value").alias("std"), F.count(F.lit(1)).alias("n_users")
    )
    margin = Z_95 * F.col("std") / F.sqrt("n_users")
    return averaged.select(
        "metric",
        F.lit(k).alias("k"),
        F.col("mean").alias("value"),
        (F.col("mean") - margin).alias("low"),
        (F.col("mean") + margin).alias("high"),
        "n_users",
    )


def diversity(lists: DataFrame, k: int, n_items: int) -> DataFrame:
    """Say how widely the lists spread over the catalogue.

    Args:
        lists: `user_id, item_id, rank`.
        k: List length looked at.
        n_items: Items that could have been shown.

    Returns:
        Rows in the form of `accuracy`, without interval: `coverage` (share of items shown), `entropy` (bits),
        `simpson` (chance that two shown places hold different items); none when there are no lists.
    """
    shown = lists.where(F.col("rank") <= k)
    counts = shown.groupBy("item_id").agg(F.count(F.lit(1)).alias("n"))
    total = shown.agg(F.count(F.lit(1)).alias("total"), F.countDistinct("user_id").alias("n_users"))
    share = counts.crossJoin(F.broadcast(total)).withColumn("p", F.col("n") / F.col("total"))
    wide = share.agg(
        (F.count(F.lit(1)) / n_items).alias("coverage"),
        (-F.sum(F.col("p") * F.log2("p"))).alias("entropy"),
        (1 - F.sum(F.col("p") * F.col("p"))).alias("simpson"),
        F.first("n_users").alias("n_users"),
    ).where(F.col("n_users").isNotNull())
    long = wide.unpivot(["n_users"], ["coverage", "entropy", "simpson"], "metric", "value")
    unknown = F.lit(None).cast("double")
    return long.select("metric", F.lit(k).alias("k"), "value", unknown.alias("low"), unknown.alias("high"), "n_users")
