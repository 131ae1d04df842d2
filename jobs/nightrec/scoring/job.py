"""score_top_n: rank every available item for every known user, staged for the gate.

Reads   interactions, items, user_index, item_index, user_factors, user_sequences, user_projections, user_embeddings,
        item_embeddings, rankers and the folder that it names, matrix_inputs, deliveries of D
Writes  topn/D, fallback/D; nothing is published before validate_table and publish_top_n
Fails   3 if an input is missing or no item is available
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.availability import available, hidden_items
from nightrec.context import SparkContext, run_spark_job
from nightrec.decay import weights_as_of
from nightrec.lineage import collaborative_version, data_snapshot, run_id
from nightrec.ranker.sources import TABLES
from nightrec.schemas import contract
from nightrec.scoring.rank import RANKED, Task, rank_users
from nightrec.scoring.remaining import category_rows
from nightrec.scoring.rules import Rules
from nightrec.scoring.transform import fallback, named_lists, popularity, user_rows, users_over_cap
from nightrec.tracking import git_commit


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_spark_job(score_top_n, __doc__ or "", argv)


def score_top_n(ctx: SparkContext) -> None:
    """Write tonight's lists."""
    tables, day, scoring = ctx.tables, ctx.run_date, ctx.config.scoring
    interactions, items = tables.read("interactions", day), tables.read("item_index", day)
    shown = available(tables.read("items", day), day)
    hidden = hidden_items(interactions, day, scoring.exclude_seen_days)
    task = make_task(ctx, shown.join(items, on="item_id", how="inner"))

    def rank(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return rank_users(batches, task)

    ranked = user_rows(read_users(ctx), interactions, hidden, items).mapInArrow(rank, RANKED)
    lineage = read_lineage(ctx)
    rows = tables.overwrite("topn", day, as_published(named_lists(ranked, items), lineage))
    popular = popularity(shown, weights_as_of(interactions, day, ctx.config.matrix.half_life_days))
    tables.overwrite("fallback", day, fallback(popular, scoring.top_n).withColumns(literals(lineage)))
    ctx.run.set_tags(lineage)
    cap = ctx.config.rules.max_per_category
    if cap is not None:
        ctx.run.log_metrics({"lists_over_cap": users_over_cap(tables.read("topn", day), shown, cap).count()})
    ctx.run.log_metrics({"rows_in": tables.count("interactions", day), "rows_out": rows})


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


def literals(values: dict[str, str]) -> dict[str, Column]:
    """Return constant columns."""
    return {name: F.lit(value) for name, value in values.items()}


def as_published(lists: DataFrame, lineage: dict[str, str]) -> DataFrame:
    """Add the columns of `topn` that a list without experiments and reasons has."""
    evidence = next(field.dataType for field in contract("topn").spark().fields if field.name == "evidence")
    return lists.withColumns(
        {
            "reason": F.lit(None).cast("string"),
            "evidence": F.lit(None).cast(evidence),
            "arm": F.lit("default"),
            **literals(lineage),
        }
    )
