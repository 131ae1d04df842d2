"""From events to the state of the matrix and to contiguous indexes; pure frame functions."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from nightrec.decay import decay
from nightrec.goals import is_goal

INDEX_BUCKETS = 256
PARTS = "weight", "n_events", "n_goals", "first_at", "last_at", "last_goal_at", "last_value", "last_value_at"
STATE = (
    "struct<weight:double,n_events:bigint,n_goals:bigint,first_at:timestamp,last_at:timestamp,last_goal_at:timestamp,"
    "last_value:double,last_value_at:timestamp>"
)


def weigh(
    events: DataFrame,
    weights: Mapping[str, tuple[float, float]],
    goal_types: Sequence[str],
    goal_min_value: float | None,
) -> DataFrame:
    """Give each event its worth and say whether it reached the domain's goal.

    Args:
        events: Rows of `events` with `run_date`.
        weights: Event type to (constant, part per unit of value). Other types are dropped, as are events without item.
        goal_types: Event types that count as the goal.
        goal_min_value: Smallest value that counts, or None.

    Returns:
        `user_id, item_id, run_date, event_at, event_id, weight, is_goal, value`; `weight` is at least 0.
    """
    table = F.create_map(*[F.lit(part) for kind, pair in sorted(weights.items()) for part in (kind, [*pair])])
    worth = table[F.col("event_type")]
    value = F.coalesce("value", F.lit(0.0))
    return events.where(F.col("item_id").isNotNull() & worth.isNotNull()).select(
        "user_id",
        "item_id",
        "run_date",
        "event_at",
        "event_id",
        F.greatest(worth[0] + worth[1] * value, F.lit(0.0)).alias("weight"),
        is_goal(goal_types, goal_min_value).alias("is_goal"),
        "value",
    )


def carry_forward(state: DataFrame, weighed: DataFrame, half_life_days: float) -> DataFrame:
    """Add events to a state of the matrix.

    Events are folded one by one in the order (delivery, time, id), so adding deliveries night by night does the same
    arithmetic in the same order as adding them all at once: both give equal bits.

    Args:
        state: Rows of `interactions`, unique by user and item; empty for a rebuild.
        weighed: Result of `weigh`.
        half_life_days: Days after which a weight counts half.

    Returns:
        Rows of `interactions`; `weight` is decayed to `last_at`.
    """
    event = F.struct("run_date", "event_at", "event_id", "weight", "is_goal", "value")
    arrived = weighed.groupBy("user_id", "item_id").agg(F.array_sort(F.collect_list(event)).alias("arrived"))
    known = state.select(
        "user_id",
        "item_id",
        F.struct(*PARTS).cast(STATE).alias("known"),
    )
    joined = known.join(arrived, on=["user_id", "item_id"], how="full")
    nothing = F.lit(None).cast(STATE)
    folded = F.aggregate(
        F.coalesce("arrived", F.array().cast(weighed_type(weighed, event))),
        F.coalesce("known", nothing),
        lambda acc, e: _add(acc, e, half_life_days),
    )
    return joined.select("user_id", "item_id", folded.alias("folded")).select("user_id", "item_id", "folded.*")


def weighed_type(weighed: DataFrame, event: Column) -> str:
    """Return the type name of an array of `event` structs, for an empty one."""
    return f"array<{weighed.select(event.alias('event')).schema['event'].dataType.simpleString()}>"


def _add(acc: Column, event: Column, half_life_days: float) -> Column:
    at, last, value = event["event_at"], acc["last_at"], event["value"]
    faded = decay(F.abs(F.unix_micros(at) - F.unix_micros(last)) / 1e6, half_life_days)
    is_first, is_newer = last.isNull(), last.isNull() | (at >= last)
    weight = (
        F.when(is_first, event["weight"])
        .when(is_newer, acc["weight"] * faded + event["weight"])
        .otherwise(acc["weight"] + event["weight"] * faded)
    )
    return F.struct(
        weight.alias("weight"),
        (F.coalesce(acc["n_events"], F.lit(0)) + 1).alias("n_events"),
        (F.coalesce(acc["n_goals"], F.lit(0)) + event["is_goal"].cast("bigint")).alias("n_goals"),
        F.least(acc["first_at"], at).alias("first_at"),
        F.greatest(last, at).alias("last_at"),
        F.greatest(acc["last_goal_at"], F.when(event["is_goal"], at)).alias("last_goal_at"),
        # A time of its own: a late rating may come after a newer event without value.
        F.when(at >= F.coalesce(acc["last_value_at"], at), F.coalesce(value, acc["last_value"]))
        .otherwise(acc["last_value"])
        .alias("last_value"),
        F.greatest(acc["last_value_at"], F.when(value.isNotNull(), at)).alias("last_value_at"),
    ).cast(STATE)


def number(keys: DataFrame, key: str, idx: str) -> DataFrame:
    """Number distinct keys from 0 without gaps, the same way however the frame is partitioned.

    Keys are ordered inside hash buckets and the buckets follow each other, so no task sees more than one bucket.

    Args:
        keys: A frame with the column `key`; repeated keys count once.
        key: Name of the key column.
        idx: Name of the new int32 column.
    """
    bucket = F.pmod(F.xxhash64(key), F.lit(INDEX_BUCKETS))
    bucketed = keys.select(key).distinct().withColumn("bucket", bucket)
    sizes = bucketed.groupBy("bucket").agg(F.count(F.lit(1)).alias("size"))
    before = F.sum("size").over(Window.orderBy("bucket")) - F.col("size")  # at most INDEX_BUCKETS rows in one task
    offsets = sizes.select("bucket", before.alias("offset"))
    place = F.row_number().over(Window.partitionBy("bucket").orderBy(key)) - 1
    numbered = bucketed.withColumn("place", place).join(F.broadcast(offsets), on="bucket", how="inner")
    return numbered.select(key, (F.col("offset") + F.col("place")).cast("int").alias(idx))
