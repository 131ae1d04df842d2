"""From joined vectors to lists: every user against every item, in blocks; pure frame functions."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from nightrec.scoring.fusion import Part, to_matrix
from nightrec.scoring.topk import best_of_block, strongest_part

PAIRS = "user_id string, item_id string, score double, source string"


def score_all(
    users: DataFrame, items: DataFrame, hidden: DataFrame, parts: list[Part], n: int, block_rows: int
) -> DataFrame:
    """Keep each user's best items of every block of items; `top_n` merges the blocks.

    Args:
        users: `user_id, user_idx, vector`.
        items: `item_id, item_idx, vector`.
        hidden: `user_id, item_id` pairs to leave out.
        parts: The sources inside the vectors.
        n: List length.
        block_rows: Rows of a block; a task holds one block of each side and their scores.

    Returns:
        `user_id, item_id, score, source`, at least the `n` best per user, exactly.
    """
    seen = hidden.join(items.select("item_id", "item_idx"), on="item_id", how="inner")
    seen = seen.groupBy("user_id").agg(F.sort_array(F.collect_list("item_idx")).alias("hidden"))
    with_seen = users.join(seen, on="user_id", how="left")
    user_blocks = _blocks(with_seen, "user_idx", F.struct("user_id", "vector", "hidden"), "users", block_rows)
    item_blocks = _blocks(items, "item_idx", F.struct("item_id", "item_idx", "vector"), "items", block_rows)
    dims = [part.dim for part in parts]
    names = np.array([part.name for part in parts])

    def score(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            for row in range(batch.num_rows):
                yield _score_pair(batch.column("users")[row].values, batch.column("items")[row].values, dims, names, n)

    return user_blocks.crossJoin(item_blocks).mapInArrow(score, PAIRS)


def _blocks(frame: DataFrame, idx: str, row: Column, name: str, block_rows: int) -> DataFrame:
    block = F.floor(F.col(idx) / block_rows)
    # The first field of the struct is the id: inside a block, place breaks ties the way ids do.
    return frame.groupBy(block.alias("block")).agg(F.array_sort(F.collect_list(row)).alias(name)).select(name)


def _score_pair(
    users: pa.StructArray, items: pa.StructArray, dims: list[int], names: np.ndarray, n: int
) -> pa.RecordBatch:
    user_rows, _ = to_matrix(users.field("vector"), sum(dims))
    item_rows, _ = to_matrix(items.field("vector"), sum(dims))
    best = best_of_block(
        user_rows, item_rows, _hidden_pairs(users.field("hidden"), np.asarray(items.field("item_idx"))), n
    )
    source = names[strongest_part(user_rows, item_rows, best, dims)]
    user_ids = users.field("user_id").take(pa.array(best.users))
    item_ids = items.field("item_id").take(pa.array(best.items))
    return pa.record_batch([user_ids, item_ids, best.scores, source], names=["user_id", "item_id", "score", "source"])


def _hidden_pairs(hidden: pa.ListArray, item_idx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Translate each user's hidden item indexes to rows of this block; the others are in other blocks."""
    rows = np.asarray(hidden.value_parent_indices())
    wanted = np.asarray(hidden.flatten())
    order = np.argsort(item_idx)
    place = np.searchsorted(item_idx, wanted, sorter=order).clip(max=len(item_idx) - 1)
    columns = order[place]
    here = item_idx[columns] == wanted
    return rows[here], columns[here]


def top_n(scored: DataFrame, n: int) -> DataFrame:
    """Keep each user's `n` best items and number them from 1.

    Equal scores are ordered by `item_id`, so that a re-run writes the same list.

    Args:
        scored: One row per `(user_id, item_id)` with a finite `score`, and `source`.
        n: List length, at least 1. Users with fewer candidates get shorter lists.

    Returns:
        `user_id, rank, item_id, score, source`; `rank` is int32 without gaps, `score` float32.

    Raises:
        ValueError: If `n` is below 1.
    """
    if n < 1:
        raise ValueError(f"top_n needs n >= 1, got {n}")
    best_first = Window.partitionBy("user_id").orderBy(F.desc("score"), F.asc("item_id"))
    ranked = scored.withColumn("rank", F.row_number().over(best_first)).where(F.col("rank") <= n)
    return ranked.select(
        "user_id",
        F.col("rank").cast("int").alias("rank"),
        "item_id",
        F.col("score").cast("float").alias("score"),
        "source",
    )


def fallback(popular: DataFrame, n: int) -> DataFrame:
    """Return the list for unknown users: the most popular items, equal ones by `item_id`.

    Args:
        popular: Result of `popularity`.
        n: List length.
    """
    score = F.col("popularity")[0]
    best = popular.select("item_id", score.alias("score")).orderBy(F.desc("score"), F.asc("item_id")).limit(n)
    rank = F.row_number().over(Window.orderBy(F.desc("score"), F.asc("item_id"))).cast("int")  # n rows in one task
    return best.select(rank.alias("rank"), "item_id", "score", F.lit("popularity").alias("source"))
