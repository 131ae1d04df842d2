"""evaluate_night: the lists published before this delivery against what users did in it.

Reads   events/D; published lists, interactions, items and events of the newest published night P before D
Writes  metrics/D, empty when no night was published before
Fails   3 if an input is missing

Beside the published lists stand, on the same users, the most popular items and those popular in the last days; users
who had no list count as readers of the fallback list. Fewer users than evaluation.min_users are said to be unreliable.
Goals from before the lists, which a delivery may bring late, do not count. Lengths above the lists' own are left out.
"""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.availability import available, hidden_items
from nightrec.context import Context, SparkContext, open_spark, run_job
from nightrec.evaluation.lists import is_after, lists_from_ranks, popular_ranks, recent_goals, relevant_items
from nightrec.evaluation.metrics import accuracy, diversity, hits_by_user
from nightrec.goals import is_goal
from nightrec.published import published_dates
from nightrec.schemas import contract

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(evaluate_night, __doc__ or "", argv)


def evaluate_night(plain: Context) -> None:
    """Write the metrics of the newest lists published before the run date."""
    earlier = [day for day in published_dates(plain.lake) if day < plain.run_date]
    if not earlier:
        log.info("no night was published before %s: nothing to evaluate", plain.run_date)
        plain.lake.write_arrow("metrics", plain.run_date, contract("metrics").arrow().empty_table())
        return
    ctx = open_spark(plain)
    list_date = max(earlier)
    metrics = measure(ctx, list_date)
    rows = ctx.tables.overwrite("metrics", ctx.run_date, metrics)
    report(ctx, list_date)
    ctx.run.log_metrics({"rows_in": ctx.tables.count("events", ctx.run_date), "rows_out": rows})


def measure(ctx: SparkContext, list_date: date) -> DataFrame:
    """Return rows of `metrics` for every kind of list."""
    tables, ks = ctx.tables, lengths(ctx, list_date)
    goal = is_goal(ctx.config.matrix.goal.event_types, ctx.config.matrix.goal.min_value)
    matrix, items = tables.read("interactions", list_date), available(tables.read("items", list_date), list_date)
    hidden = hidden_items(matrix, list_date, ctx.config.scoring.exclude_seen_days)
    # Small and used by every kind of list: what tonight's users turned to.
    relevant = relevant_items(goals_after(ctx, goal, list_date), hidden).persist()
    readers = relevant.select("user_id").distinct()
    published = tables.read_published("topn", list_date).join(readers, on="user_id", how="left_semi")
    users = published.select("user_id").distinct()
    strangers = readers.join(users, on="user_id", how="left_anti")
    since = list_date - timedelta(days=ctx.config.evaluation.popular_days)
    events = tables.read_many("events", [d for d in tables.finished_dates("events") if since < d <= list_date])
    recent = recent_goals(events, goal, list_date, ctx.config.evaluation.popular_days)
    ever, lately = popular_ranks(items.select("item_id"), matrix, recent)
    lists = {
        "published": published.select("user_id", "item_id", "rank"),
        "popular": lists_from_ranks(ever, users, hidden, max(ks)),
        "popular_recent": lists_from_ranks(lately, users, hidden, max(ks)),
        "fallback": strangers.crossJoin(tables.read_published("fallback", list_date).select("item_id", "rank")),
    }
    shown = reduce(DataFrame.unionByName, [rows.withColumn("list_source", F.lit(k)) for k, rows in lists.items()])
    shown = shown.persist()  # for accuracy and for diversity
    measured = accuracy(hits_by_user(shown, relevant), ks).unionByName(diversity(shown, ks, items.count()))
    is_reliable = F.col("n_users") >= ctx.config.evaluation.min_users
    return measured.withColumns(
        {"k": F.col("k").cast("int"), "is_reliable": is_reliable, "list_date": F.lit(list_date)}
    )


def goals_after(ctx: SparkContext, goal: Column, list_date: date) -> DataFrame:
    """Return the delivered goal events that lists of that date could have brought about, and say how many are older."""
    goals = ctx.tables.read("events", ctx.run_date).where(goal & F.col("item_id").isNotNull())
    if n_early := goals.where(~is_after(list_date)).count():
        log.info("left out %d goal events of delivery %s from before the lists of %s", n_early, ctx.run_date, list_date)
    return goals.where(is_after(list_date))


def lengths(ctx: SparkContext, list_date: date) -> list[int]:
    """Return the list lengths to measure at; the baselines have items below the end of the lists, so none beyond it."""
    asked = ctx.config.evaluation.ks
    longest = int(ctx.tables.read_published("topn", list_date).agg(F.max("rank").alias("longest")).collect()[0].longest)
    fitting = [k for k in asked if k <= longest] or [longest]
    if fitting != asked:
        log.warning("lists of %s have %d places: of evaluation.ks %s measuring %s", list_date, longest, asked, fitting)
    return fitting


def report(ctx: SparkContext, list_date: date) -> None:
    """Send the metrics to MLflow and say when too few users stand behind them."""
    rows = ctx.lake.read_arrow("metrics", ctx.run_date).to_pylist()
    ctx.run.log_metrics({f"{row['list_source']}.{row['metric']}_at_{row['k']}": row["value"] for row in rows})
    n_users = {row["list_source"]: row["n_users"] for row in rows}
    ctx.run.log_metrics({f"{source}.n_users": n for source, n in n_users.items()})
    for source in sorted({row["list_source"] for row in rows if not row["is_reliable"]}):
        log.warning(
            "%s lists of %s: only %d users with a goal event in delivery %s (evaluation.min_users is %d); unreliable",
            source, list_date, n_users[source], ctx.run_date, ctx.config.evaluation.min_users,
        )  # fmt: skip
