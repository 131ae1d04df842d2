"""The frames that rules on lists without users are asked of; flags as in `transform.py`."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from nightrec.quality.transform import check_rows


def check_other_lists(rows: DataFrame, catalogue: DataFrame, by: Sequence[str], item: str = "item_id") -> DataFrame:
    """Add what `check_rows` does and `is_numbered`: the ranks of a list go up from 1 without gaps.

    For lists whose length nothing but their own rows tells.
    """
    # Distinct ranks, empty ones last, so that a repeated or an empty rank is the fault of its own rule alone.
    place = F.dense_rank().over(Window.partitionBy(*by).orderBy(F.asc_nulls_last("rank")))
    return check_rows(rows, catalogue, by, item).withColumn("is_numbered", F.col("rank") == place)


def check_similar(rows: DataFrame, catalogue: DataFrame) -> DataFrame:
    """Add the flags of `check_other_lists` to rows of `similar_items`, and `is_other`: no item is similar to itself."""
    checked = check_other_lists(rows, catalogue, ["item_id", "kind"], "similar_item_id")
    return checked.withColumn("is_other", F.col("similar_item_id") != F.col("item_id"))


def check_queries(rows: DataFrame, catalogue: DataFrame, min_users: int) -> DataFrame:
    """Add the flags of `check_other_lists` to rows of `query_results`, and `is_asked`: at least `min_users` asked it.

    An empty rank or count is no rank or count, so that neither needs a rule of its own.
    """
    flags = {"is_numbered": F.col("is_numbered"), "is_asked": F.col("n_users") >= min_users}
    checked = check_other_lists(rows, catalogue, ["query"])
    return checked.withColumns({name: F.coalesce(flag, F.lit(False)) for name, flag in flags.items()})
