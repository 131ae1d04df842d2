"""What the gate looks at: the tables of a night with what its rules ask beside each row."""

from collections.abc import Iterable
from datetime import date

import pyarrow.dataset as ds
from pyspark.sql import DataFrame

from nightrec.availability import hidden_items, is_available
from nightrec.context import SparkContext
from nightrec.lake import Lake
from nightrec.lateness import last_moment
from nightrec.published import TABLES
from nightrec.quality import other_lists, transform
from nightrec.quality.reasons import Facts, check_reasons
from nightrec.reasons.counts import item_users, met_pairs, newest_texts
from nightrec.reasons.sentences import AUTO, read_messages
from nightrec.reasons.words import LONGEST
from nightrec.schemas import contract
from nightrec.writer.replace import has_texts

Frames = dict[str, DataFrame]
COLUMN_TYPES = "table string, column string, expected string, written string, is_same boolean"
READS = {
    "events": ("events", "items", "deliveries"),
    "topn": (*TABLES, "interactions", "items", "user_texts", "item_aspects"),
}


def column_types(lake: Lake, tables: Iterable[str], run_date: date) -> list[tuple[str, str, str, str, bool]]:
    """Return a row of `COLUMN_TYPES` for every column of the contracts; `written` names all types in the files.

    Raises:
        MissingPartitionError: If a partition is not finished.
    """
    found = []
    for table in tables:
        lake.require(table, run_date)
        folder = lake.folder(table, run_date)
        schemas = [part.physical_schema for part in ds.dataset(folder, filesystem=lake.fs).get_fragments()]
        for field in contract(table).arrow():
            expected = str(field.type)
            written = sorted({str(s.field(field.name).type) if field.name in s.names else "nothing" for s in schemas})
            found.append((table, field.name, expected, ", ".join(written), written == [expected]))
    return found


def event_frames(ctx: SparkContext) -> Frames:
    """Read what a delivery brought; each frame under the name that its rules know it by."""
    events, items, deliveries = (ctx.tables.read(name, ctx.run_date) for name in READS["events"])
    settings = ctx.config.ingest
    return {
        "events": transform.check_events(events, items, last_moment(ctx.run_date, settings.max_future_hours)),
        "deliveries": transform.check_deliveries(deliveries, events, settings.max_reject_frac),
        "items": items,
    }


def list_frames(ctx: SparkContext) -> Frames:
    """Read the staged lists and what their rows have to agree with; each frame under the name that its rules know."""
    rows, fallback, similar, popular, queries, interactions, items, user_texts, aspects = (
        ctx.tables.read(t, ctx.run_date) for t in READS["topn"]
    )
    settings = ctx.config.scoring
    catalogue = items.select("item_id", is_available(ctx.run_date).alias("is_available"))
    seen = hidden_items(interactions, ctx.run_date, settings.exclude_seen_days)
    users = interactions.select("user_id").union(user_texts.select("user_id")).distinct()  # some only write
    told = check_reasons(rows, _facts(ctx, interactions, items, user_texts, aspects), read_messages(AUTO))
    return {
        "topn": transform.check_seen(transform.check_rows(told, catalogue, ["user_id"]), seen),
        "lists": transform.check_lists(rows, users, seen, catalogue, settings.top_n),
        "fallback": transform.check_fallback(fallback, catalogue, settings.top_n),
        "similar_items": other_lists.check_similar(similar, catalogue),
        "popular_items": other_lists.check_other_lists(popular, catalogue, ["kind", "days", "category"]),
        "query_results": other_lists.check_queries(queries, catalogue, settings.popular_min_users),
        **_text_frames(ctx),
    }


def _text_frames(ctx: SparkContext) -> Frames:
    """Return the batch of what a language model wrote; a night without a writer has none, and pays for none."""
    if not has_texts(ctx):
        return {}
    from nightrec.quality.texts import check_texts  # noqa: PLC0415  # loads the languages, which takes a second
    from nightrec.writer.guide import read_guides  # noqa: PLC0415  # as above

    return {"reason_texts": check_texts(ctx.tables.read("reason_texts", ctx.run_date), read_guides())}


def _facts(
    ctx: SparkContext, interactions: DataFrame, items: DataFrame, user_texts: DataFrame, aspects: DataFrame
) -> Facts:
    met, scoring = met_pairs(interactions), ctx.config.scoring
    texts = newest_texts(user_texts, ctx.config.texts.recent_texts, LONGEST)
    n_users = item_users(met, ctx.run_date, scoring.popular_windows)
    return Facts(met, items, texts, n_users, aspects, scoring.popular_min_users, ctx.run_date)
