"""What tonight's lists are made from, read once and handed to the workers."""

from collections.abc import Sequence

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.context import SparkContext
from nightrec.lineage import collaborative_version, data_snapshot, run_id
from nightrec.ranker.sources import TABLES
from nightrec.scoring.rank import Task
from nightrec.scoring.remaining import category_rows
from nightrec.scoring.rules import Rules
from nightrec.tracking import git_commit


def make_task(ctx: SparkContext, shown: DataFrame) -> Task:
    """Return what every worker needs to know; `shown` has the `item_idx` of all available items."""
    ctx.lake.require("rankers", ctx.run_date)
    pack = ctx.lake.read_arrow("rankers", ctx.run_date, ["path"])["path"][0].as_py()
    mask = np.zeros(ctx.tables.count("item_index", ctx.run_date), np.bool_)
    rows = [(row["item_idx"], row["categories"]) for row in shown.select("item_idx", "categories").toLocalIterator()]
    mask[[item for item, _ in rows]] = True
    scoring = ctx.config.scoring
    root = ctx.config.place(ctx.config.paths.lake)
    candidates = ctx.config.ranker.candidates
    return Task(
        root, ctx.config.domain, pack, mask, scoring.top_n, candidates, scoring.block_rows, make_rules(ctx, rows)
    )


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
    """Return `user_id` of every known user and one vector column a source, null where it does not know the user."""
    users = ctx.tables.read("user_index", ctx.run_date).select("user_id")
    for name, table in (TABLES | {"wrote": "embeddings"}).items():
        rows = ctx.tables.read(f"user_{table}", ctx.run_date).where(F.col("fold") == "all")
        users = users.join(rows.select("user_id", F.col("vector").alias(name)), on="user_id", how="left")
    return users


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
