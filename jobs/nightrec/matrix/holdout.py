"""Hold out what users took last, for a night to tune itself on; pure frame functions."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from nightrec.matrix.transform import carry_forward
from nightrec.model_settings import RankerConfig

MICROS_PER_DAY = 86_400_000_000


def hold_out(interactions: DataFrame, settings: RankerConfig, is_shown_again: bool) -> DataFrame:
    """Pick the newest share of the log, by the clock where that leaves enough users to learn from.

    Lists are read after they are made, so a cut by time is the honest one. It needs users on both sides and at least a
    day; where there are none, the newest share of each user is taken: by when the user met an item first, because what
    follows, such as a rating days after the purchase, is of an item that lists hide by then, or else by the last goal.

    Args:
        interactions: Rows of `interactions`.
        settings: The section `ranker`.
        is_shown_again: Whether lists may show items that the user knows.

    Returns:
        Distinct `user_id, item_id`, and `cut_at`: what happened from then on is held out.
    """
    turned_to = F.coalesce("last_goal_at", "last_at") if is_shown_again else F.col("first_at")
    times = F.unix_micros("last_at").alias("micros"), F.unix_micros(turned_to).alias("turned_to")
    rows = interactions.select("user_id", "item_id", *times)
    quantile = F.expr(f"percentile_disc({1 - settings.newest_frac}) WITHIN GROUP (ORDER BY micros)")
    timed = rows.crossJoin(F.broadcast(rows.agg(quantile.alias("moment"))))
    timed = timed.withColumn("is_late", F.col("micros") > F.col("moment"))
    placed = timed.join(F.broadcast(_is_by_time(timed, settings.min_users)), how="cross")
    of_user = Window.partitionBy("user_id")
    place = F.row_number().over(of_user.orderBy(F.desc("turned_to"), F.desc("item_id")))
    n_items = F.count(F.lit(1)).over(of_user)
    n_newest = F.greatest(F.lit(1), F.floor(n_items * settings.newest_frac))
    is_newest = (n_items >= settings.min_items) & (place <= n_newest)
    marked = placed.withColumn("is_newest", is_newest)
    held = marked.where(F.when(F.col("is_by_time"), F.col("is_late")).otherwise(F.col("is_newest")))
    first = F.when(F.col("is_by_time"), F.col("moment") + 1).otherwise(F.min("turned_to").over(of_user))
    return held.select("user_id", "item_id", F.timestamp_micros(first.cast("long")).alias("cut_at"))


def with_past(held: DataFrame, weighed: DataFrame, nothing: DataFrame, half_life_days: float) -> DataFrame:
    """Add what users did before with what is held out of them, so that a taste for the known can be learnt.

    Args:
        held: Result of `hold_out`.
        weighed: Result of `weigh`; empty where no list shows an item again.
        nothing: An empty frame of `interactions`.
        half_life_days: Of `carry_forward`.

    Returns:
        Rows of `held_out`.
    """
    keys = ["user_id", "item_id"]
    before = weighed.join(held, on=keys, how="inner").where(F.col("event_at") < F.col("cut_at")).drop("cut_at")
    past = carry_forward(nothing, before, half_life_days).select(*keys, "weight", "first_at", "last_at", "last_goal_at")
    return held.join(past, on=keys, how="left")


def _is_by_time(timed: DataFrame, min_users: int) -> DataFrame:
    """Return one row: whether enough users and at least a day lie on both sides of the moment."""
    by_user = timed.groupBy("user_id").agg(
        F.max("micros").alias("newest"),
        F.max(F.when(~F.col("is_late"), F.col("micros"))).alias("newest_before"),
        (F.bool_or("is_late") & F.bool_or(~F.col("is_late"))).alias("is_both"),
    )
    gap = F.max("newest") - F.max("newest_before")
    enough = (F.count_if("is_both") >= min_users) & (gap >= MICROS_PER_DAY)
    return by_user.agg(F.coalesce(enough, F.lit(False)).alias("is_by_time"))
