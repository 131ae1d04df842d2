"""From tables to the joined vectors of users and items; pure frame functions."""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from nightrec.scoring.fusion import Part, fuse_items, fuse_users, make_part, moments, to_matrix, weighted_sums

Batches = Iterable[pa.RecordBatch]


def popularity(items: DataFrame, weighed: DataFrame) -> DataFrame:
    """Give each item the logarithm of its weight over all users, as a z-score over the items given.

    Args:
        items: Unique by `item_id`.
        weighed: Interactions with weights as of tonight.

    Returns:
        `item_id, popularity`, a vector of length 1; 0 everywhere when all items are alike.
    """
    summed = weighed.groupBy("item_id").agg(F.sum("weight").alias("total"))
    logged = items.join(summed, on="item_id", how="left").select(
        "item_id", F.log1p(F.coalesce("total", F.lit(0.0))).alias("logged")
    )
    spread = logged.agg(F.avg("logged").alias("mean"), F.stddev_pop("logged").alias("std"))
    z = F.when(F.col("std") > 0, (F.col("logged") - F.col("mean")) / F.col("std")).otherwise(0.0)
    return logged.crossJoin(F.broadcast(spread)).select("item_id", F.array(z.cast("float")).alias("popularity"))


def text_profiles(weighed: DataFrame, embedded_items: DataFrame, embedded_users: DataFrame, newest: int) -> DataFrame:
    """Describe each user by the texts of their newest items and by what they wrote.

    Args:
        weighed: Interactions with weights as of tonight.
        embedded_items: `item_id, vector`.
        embedded_users: `user_id, vector`; counts as much as all of the user's items together.
        newest: Items looked at.

    Returns:
        `user_id, text`: unit vectors, for users with at least one embedded text.
    """
    newest_first = Window.partitionBy("user_id").orderBy(F.desc("last_at"), F.asc("item_id"))
    recent = weighed.withColumn("place", F.row_number().over(newest_first)).where(F.col("place") <= newest)
    total = F.sum("weight").over(Window.partitionBy("user_id"))
    read = recent.join(embedded_items, on="item_id", how="inner").where(F.col("weight") > 0)
    own = embedded_users.select("user_id", F.lit(1.0).alias("weight"), "vector", F.lit("").alias("item_id"))
    texts = read.select("user_id", (F.col("weight") / total).alias("weight"), "vector", "item_id").unionByName(own)
    # Sorted, because a sum of floats depends on its order.
    grouped = texts.groupBy("user_id").agg(
        F.array_sort(F.collect_list(F.struct("item_id", "weight", "vector"))).alias("texts")
    )
    return grouped.mapInArrow(_sum_texts, "user_id string, text array<float>")


def _sum_texts(batches: Batches) -> Batches:
    for batch in batches:
        texts = batch.column("texts")
        flat = texts.flatten()
        vectors = flat.field("vector")
        rows, _ = to_matrix(vectors, len(vectors.flatten()) // max(len(vectors), 1))
        starts = np.asarray(texts.offsets)[:-1] - texts.offsets[0].as_py()
        sums = weighted_sums(np.asarray(flat.field("weight")), rows, starts)
        yield pa.record_batch([batch.column("user_id"), to_lists(sums)], names=["user_id", "text"])


def measure_part(items: DataFrame, name: str, weight: float) -> Part | None:
    """Take the mean and covariance of one source's item vectors; None when the source knows no item."""
    known = items.where(F.col(name).isNotNull()).select(name)
    first = known.select(F.size(name).alias("dim")).first()
    if first is None:
        return None
    dim = int(first["dim"])

    def sums(batches: Batches) -> Batches:
        for batch in batches:
            count, total, outer = moments(to_matrix(batch.column(0), dim)[0])
            yield pa.record_batch(
                [[count], [total.tolist()], [outer.ravel().tolist()]], names=["count", "total", "outer"]
            )

    found = known.mapInArrow(sums, "count long, total array<double>, outer array<double>").collect()
    return make_part(
        name, weight, [(r["count"], np.array(r["total"]), np.array(r["outer"]).reshape(dim, dim)) for r in found]
    )


def fused(frame: DataFrame, key: str, parts: list[Part], side: str) -> DataFrame:
    """Join the sources' columns into one vector.

    Args:
        frame: The key columns and one vector column a part.
        key: Names of the key columns to keep, comma-separated DDL such as `item_id string, item_idx int`.
        parts: The sources.
        side: `users` or `items`.

    Returns:
        The key columns and `vector`.
    """
    fuse: Callable[[list[Part], list[pa.Array]], np.ndarray] = {"users": fuse_users, "items": fuse_items}[side]
    names = [column.split()[0] for column in key.split(", ")]

    def join(batches: Batches) -> Batches:
        for batch in batches:
            vectors = fuse(parts, [batch.column(part.name) for part in parts])
            yield pa.record_batch([*[batch.column(n) for n in names], to_lists(vectors)], names=[*names, "vector"])

    return frame.select(*names, *[part.name for part in parts]).mapInArrow(join, f"{key}, vector array<float>")


def to_lists(matrix: np.ndarray) -> pa.Array:
    """Turn `(n, dim)` rows into an Arrow list column."""
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * matrix.shape[1]
    return pa.ListArray.from_arrays(offsets, pa.array(matrix.ravel(), pa.float32()))
