"""What tonight's lists are made from, read once and handed to the workers."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.context import SparkContext
from nightrec.lexical import NEWEST
from nightrec.lineage import collaborative_version, data_snapshot, run_id
from nightrec.ranker.sources import TABLES
from nightrec.reasons.counts import item_users, met_pairs, newest_texts
from nightrec.reasons.evidence import EVER, OWN_COLUMN, ReasonsPlan
from nightrec.reasons.sentences import read_messages
from nightrec.reasons.words import LONGEST
from nightrec.schemas import contract
from nightrec.scoring.rank import Task
from nightrec.scoring.remaining import category_rows
from nightrec.scoring.rules import Rules
from nightrec.tracking import git_commit


def make_task(ctx: SparkContext, shown: DataFrame, reasons: ReasonsPlan) -> Task:
    """Return what every worker needs to know; `shown` has the `item_idx` of all available items."""
    ctx.lake.require("rankers", ctx.run_date)
    pack = ctx.lake.read_arrow("rankers", ctx.run_date, ["path"])["path"][0].as_py()
    mask = np.zeros(ctx.tables.count("item_index", ctx.run_date), np.bool_)
    rows = [(row["item_idx"], row["categories"]) for row in shown.select("item_idx", "categories").toLocalIterator()]
    mask[[item for item, _ in rows]] = True
    scoring = ctx.config.scoring
    root = ctx.config.place(ctx.config.paths.lake)
    candidates = ctx.config.ranker.candidates
    rules = make_rules(ctx, rows)
    return Task(root, ctx.config.domain, pack, mask, scoring.top_n, candidates, scoring.block_rows, rules, reasons)


def make_reasons(ctx: SparkContext) -> ReasonsPlan:
    """Return how rows get their reasons."""
    tables, day, scoring = ctx.tables, ctx.run_date, ctx.config.scoring
    windows = tuple(sorted(set(scoring.popular_windows)))
    index = tables.read("item_index", day)
    counted = item_users(met_pairs(tables.read("interactions", day)), day, windows)
    columns = [F.col("n_users")[days].alias(f"within_{days}") for days in (EVER, *windows)]
    rows = counted.join(index, on="item_id", how="inner").select("item_idx", *columns).toArrow()
    n_users = np.zeros((tables.count("item_index", day), len(columns)), np.int64)
    n_users[np.asarray(rows["item_idx"])] = np.stack([np.asarray(column) for column in rows.columns[1:]], axis=1)
    language = ctx.config.reasons.language
    names = "items", "item_index", "item_aspects"
    catalogue, numbers, aspects = (f"{contract(name).folder}/run_date={day}" for name in names)
    last_day, min_users = (day - date(1970, 1, 1)).days, scoring.popular_min_users
    messages = read_messages(language)
    return ReasonsPlan(catalogue, numbers, aspects, last_day, messages, language, windows, n_users, min_users)


def make_rules(ctx: SparkContext, categories: Sequence[tuple[int, str | None]]) -> Rules:
    """Return the rules of the domain; `categories` are those of the available items by `item_idx`."""
    rules, cap = ctx.config.rules, ctx.config.rules.max_per_category
    n_items = ctx.tables.count("item_index", ctx.run_date)
    return Rules(
        None if cap is None else category_rows(categories, n_items),
        cap or 0,
        rules.diversity_weight,
        rules.explore_slots,
        rules.explore_pool,
        f"{ctx.config.domain}/{ctx.run_date}",
    )


def read_users(ctx: SparkContext) -> DataFrame:
    """Return every known user.

    `user_id`, one vector column a source, null where it does not know the user, and the newest `texts`, never null.
    """
    users = ctx.tables.read("user_index", ctx.run_date).select("user_id")
    for name, table in (TABLES | {"wrote": "embeddings"}).items():
        rows = ctx.tables.read(f"user_{table}", ctx.run_date).where(F.col("fold") == "all")
        users = users.join(rows.select("user_id", F.col("vector").alias(name)), on="user_id", how="left")
    texts = newest_texts(ctx.tables.read("user_texts", ctx.run_date), NEWEST, LONGEST)
    users = users.join(texts, on="user_id", how="left")
    return users.withColumn("texts", F.coalesce("texts", F.array().cast(OWN_COLUMN)))


def read_events(ctx: SparkContext, days: int) -> DataFrame:
    """Return the events of all deliveries that can hold one of the days that end with the run date."""
    # An event can come in the delivery of its day or any later one, or before its time by the tolerated clock error.
    since = ctx.run_date - timedelta(days=days + ceil(ctx.config.ingest.max_future_hours / 24))
    made_of = ctx.lake.read_arrow("matrix_inputs", ctx.run_date, ["delivery_date"])["delivery_date"].to_pylist()
    return ctx.tables.read_many("events", sorted(day for day in made_of if day > since))


def read_lineage(ctx: SparkContext) -> dict[str, str]:
    """Return the lineage columns of tonight's lists."""
    day, lake = ctx.run_date, ctx.lake
    feeds = {row["feed"]: row["fingerprint"] for row in lake.read_arrow("deliveries", day).to_pylist()}
    snapshot = data_snapshot(lake.read_arrow("matrix_inputs", day).to_pylist(), feeds["items"])
    encoder = lake.read_arrow("item_embeddings", day, ["model_version"])["model_version"]
    encoder_version = encoder[0].as_py() if len(encoder) else "none"
    return {
        "run_id": run_id(ctx.config, snapshot, encoder_version, git_commit()),
        "encoder_version": encoder_version,
        "collaborative_version": collaborative_version(ctx.config, snapshot),
        "data_snapshot": snapshot,
    }
