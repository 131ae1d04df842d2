"""score_top_n: rank every available item for every known user, staged for the gate.

Reads   interactions, items, user_index, item_index, user_factors, item_factors, user_embeddings, item_embeddings,
        encoders, matrix_inputs, deliveries of D
Writes  topn/D, fallback/D; nothing is published before validate_table and publish_top_n
Fails   3 if an input is missing or no item is available
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.availability import available, hidden_items
from nightrec.context import SparkContext, run_spark_job
from nightrec.decay import weights_as_of
from nightrec.lineage import collaborative_version, data_snapshot, run_id
from nightrec.schemas import contract
from nightrec.scoring.fusion import Part
from nightrec.scoring.transform import fallback, score_all, top_n
from nightrec.scoring.vectors import fused, measure_part, popularity, text_profiles
from nightrec.tracking import git_commit


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_spark_job(score_top_n, __doc__ or "", argv)


def score_top_n(ctx: SparkContext) -> None:
    """Write tonight's lists."""
    scoring = ctx.config.scoring
    interactions = ctx.tables.read("interactions", ctx.run_date)
    weighed = weights_as_of(interactions, ctx.run_date, ctx.config.matrix.half_life_days)
    popular = popularity(available(ctx.tables.read("items", ctx.run_date), ctx.run_date), weighed)
    # Read once for each source's moments and once for the scores.
    items, users = item_parts(ctx, popular).persist(), user_parts(ctx, weighed)
    parts = measure_parts(ctx, items)

    scored = score_all(
        fused(users, "user_id string, user_idx int", parts, "users"),
        fused(items, "item_id string, item_idx int", parts, "items"),
        hidden_items(interactions, ctx.run_date, scoring.exclude_seen_days),
        parts,
        scoring.top_n,
        scoring.block_rows,
    )
    lineage = read_lineage(ctx)
    rows = ctx.tables.overwrite("topn", ctx.run_date, as_published(top_n(scored, scoring.top_n), lineage))
    ctx.tables.overwrite("fallback", ctx.run_date, fallback(popular, scoring.top_n).withColumns(literals(lineage)))
    items.unpersist()
    ctx.run.set_tags(lineage)
    ctx.run.log_metrics({"rows_in": ctx.tables.count("interactions", ctx.run_date), "rows_out": rows})


def item_parts(ctx: SparkContext, popular: DataFrame) -> DataFrame:
    """Return `item_id, item_idx` and one vector column a source for every available item."""
    numbered = popular.join(ctx.tables.read("item_index", ctx.run_date), on="item_id", how="inner")
    with_factors = numbered.join(_vectors(ctx, "item_factors", "collaborative"), on="item_id", how="left")
    return with_factors.join(_vectors(ctx, "item_embeddings", "text"), on="item_id", how="left")


def user_parts(ctx: SparkContext, weighed: DataFrame) -> DataFrame:
    """Return `user_id, user_idx` and one vector column a source for every known user."""
    tables, day = ctx.tables, ctx.run_date
    factors = _vectors(ctx, "user_factors", "collaborative")
    texts = text_profiles(
        weighed,
        tables.read("item_embeddings", day).select("item_id", "vector"),
        tables.read("user_embeddings", day).select("user_id", "vector"),
        ctx.config.scoring.profile_items,
    )
    users = tables.read("user_index", day).join(factors, on="user_id", how="left").join(texts, on="user_id", how="left")
    return users.withColumn("popularity", F.array(F.lit(1.0).cast("float")))


def measure_parts(ctx: SparkContext, items: DataFrame) -> list[Part]:
    """Return the sources that know at least one available item."""
    weights = ctx.config.scoring.weights.model_dump()
    measured = [measure_part(items, name, weight) for name, weight in weights.items() if weight > 0]
    return [part for part in measured if part is not None]


def _vectors(ctx: SparkContext, table: str, source: str) -> DataFrame:
    key = contract(table).primary_key[0]
    return ctx.tables.read(table, ctx.run_date).select(key, F.col("vector").alias(source))


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
            "propensity": F.lit(1.0).cast("float"),
            **literals(lineage),
        }
    )
