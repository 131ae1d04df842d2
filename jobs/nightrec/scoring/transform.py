"""What scoring needs of users, and the lists that need no ranker; pure frame functions."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F


def user_rows(users: DataFrame, interactions: DataFrame, hidden: DataFrame, items: DataFrame) -> DataFrame:
    """Gather each user's history and what must not be listed.

    Args:
        users: `user_id` and columns to keep, unique.
        interactions: Rows of `interactions`.
        hidden: `user_id, item_id` pairs.
        items: `item_id, item_idx`, unique.

    Returns:
        The columns of `users` with `items` and `weights` of the history, oldest first, and `hidden`; never null.
    """
    numbered = interactions.where(F.col("weight") > 0).join(items, on="item_id", how="inner")
    row = F.struct("last_at", "item_idx", "weight")
    history = numbered.groupBy("user_id").agg(F.array_sort(F.collect_list(row)).alias("history"))
    unwanted = hidden.join(items, on="item_id", how="inner")
    unwanted = unwanted.groupBy("user_id").agg(F.sort_array(F.collect_list("item_idx")).alias("hidden"))
    joined = users.join(history, on="user_id", how="left").join(unwanted, on="user_id", how="left")
    return joined.select(
        *users.columns,
        F.coalesce("history.item_idx", F.array().cast("array<int>")).alias("items"),
        F.coalesce("history.weight", F.array().cast("array<double>")).alias("weights"),
        F.coalesce("hidden", F.array().cast("array<int>")).alias("hidden"),
    )


def named_lists(ranked: DataFrame, items: DataFrame) -> DataFrame:
    """Name the items of lists.

    Args:
        ranked: `user_id, rank, item_idx, score` and more, unique by the first two.
        items: `item_id, item_idx`, unique.

    Returns:
        The same with `item_id` in place of `item_idx` and a float32 `score`.
    """
    named = ranked.withColumn("score", F.col("score").cast("float")).join(items, on="item_idx", how="inner")
    others = [name for name in ranked.columns if name not in ("user_id", "rank", "item_idx", "score")]
    return named.select("user_id", "rank", "item_id", "score", *others)


def users_over_cap(lists: DataFrame, items: DataFrame, cap: int) -> DataFrame:
    """Find the lists that hold more items of a category than the rules ask for, because there was nothing else.

    Args:
        lists: `user_id, item_id`.
        items: `item_id, categories`, unique.
        cap: Items of one category in a list.

    Returns:
        Distinct `user_id`.
    """
    names = F.array_distinct(F.transform(F.split("categories", r"\|"), F.trim))
    of_items = items.select("item_id", F.explode(names).alias("category")).where(F.col("category") != "")
    counted = (
        lists.join(of_items, on="item_id", how="inner").groupBy("user_id", "category").agg(F.count("*").alias("n"))
    )
    return counted.where(F.col("n") > cap).select("user_id").distinct()


def popularity(items: DataFrame, weighed: DataFrame) -> DataFrame:
    """Give each item the logarithm of its weight over all users.

    Args:
        items: Unique by `item_id`.
        weighed: Interactions with weights as of tonight.

    Returns:
        `item_id, popularity`, from 0.
    """
    summed = weighed.groupBy("item_id").agg(F.sum("weight").alias("total"))
    joined = items.join(summed, on="item_id", how="left")
    return joined.select("item_id", F.log1p(F.coalesce("total", F.lit(0.0))).alias("popularity"))


def fallback(popular: DataFrame, n: int) -> DataFrame:
    """Return the list for unknown users: the most popular items, equal ones by `item_id`.

    Args:
        popular: Result of `popularity`.
        n: List length.
    """
    best = popular.select("item_id", F.col("popularity").cast("float").alias("score"))
    best = best.orderBy(F.desc("score"), F.asc("item_id")).limit(n)
    rank = F.row_number().over(Window.orderBy(F.desc("score"), F.asc("item_id"))).cast("int")  # n rows in one task
    return best.select(rank.alias("rank"), "item_id", "score", F.lit("popularity").alias("source"))
