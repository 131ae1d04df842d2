"""score_top_n: rank every available item for every known user, staged for the gate.

Reads   interactions, items, user_index, item_index, user_factors, user_ratings, user_sequences, user_projections,
        user_embeddings, item_embeddings, rankers and the folder that it names, matrix_inputs, deliveries, item_texts,
        item_aspects, user_texts, text_vectors of D; events as far back as the windows of popular_items and
        query_results reach
Writes  topn/D, fallback/D, similar_items/D, popular_items/D, query_results/D; nothing is published before
        validate_table and publish_top_n
Fails   3 if an input is missing or no item is available
"""

import logging
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.availability import available, hidden_items
from nightrec.context import SparkContext, run_spark_job
from nightrec.decay import weights_as_of
from nightrec.scoring.inputs import make_reasons, make_task, read_lineage, read_users
from nightrec.scoring.other_lists import popular_and_trending, similar_lists
from nightrec.scoring.query_results import write_query_results
from nightrec.scoring.rank import RANKED, rank_users
from nightrec.scoring.transform import fallback, named_lists, popularity, user_rows, users_over_cap

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_spark_job(score_top_n, __doc__ or "", argv)


def score_top_n(ctx: SparkContext) -> None:
    """Write tonight's lists."""
    tables, day, scoring = ctx.tables, ctx.run_date, ctx.config.scoring
    interactions, items = tables.read("interactions", day), tables.read("item_index", day)
    shown = available(tables.read("items", day), day)
    hidden = hidden_items(interactions, day, scoring.exclude_seen_days)
    task = make_task(ctx, shown.join(items, on="item_id", how="inner"), make_reasons(ctx))

    def rank(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return rank_users(batches, task)

    ranked = user_rows(read_users(ctx), interactions, hidden, items).mapInArrow(rank, RANKED)
    popular = popularity(shown, weights_as_of(interactions, day, ctx.config.matrix.half_life_days))
    lists = {
        "topn": named_lists(ranked, items)
        # Reasons are templates until they are published.
        .withColumns({"arm": F.lit("default"), "writer_version": F.lit(None).cast("string")}),
        "fallback": fallback(popular, scoring.top_n),
        "similar_items": similar_lists(ctx, task),
        "popular_items": popular_and_trending(ctx, shown),
    }
    lineage = read_lineage(ctx)
    constants = {name: F.lit(value) for name, value in lineage.items()}
    written = tables.overwrite_all(day, {name: rows.withColumns(constants) for name, rows in lists.items()})
    written["query_results"] = write_query_results(ctx, task, lineage)
    ctx.run.set_tags(lineage)
    count_over_cap(ctx, shown)
    others = {f"n_{name}_rows": written[name] for name in ("similar_items", "popular_items", "query_results")}
    ctx.run.log_metrics({"rows_in": tables.count("interactions", day), "rows_out": written["topn"]} | others)


def count_over_cap(ctx: SparkContext, shown: DataFrame) -> None:
    """Record `lists_over_cap` where the domain has a cap, and warn of such lists."""
    cap = ctx.config.rules.max_per_category
    if cap is None:
        return
    n_over = users_over_cap(ctx.tables.read("topn", ctx.run_date), shown, cap).count()
    ctx.run.log_metrics({"lists_over_cap": n_over})
    if n_over:
        log.warning("%d lists hold more than rules.max_per_category=%d of a category: too few others", n_over, cap)
