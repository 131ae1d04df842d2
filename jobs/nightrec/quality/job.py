"""validate_table: stop the night when a table is unfit, before anything is built on it.

Reads   --table events: events/D, items/D, deliveries/D
        --table topn: topn/D, fallback/D, similar_items/D, popular_items/D, query_results/D, interactions/D,
        items/D, user_texts/D, item_aspects/D; reason_texts/D where it is and reasons.writer.model is set
Writes  events_checks/D or topn_checks/D, one row per rule, also when rules fail (schemas/topn_checks.v1.yaml)
        Data Docs of the domain under paths.data_docs: counts, never keys
Fails   3 if an input partition is missing; 4 if a rule is broken: build_matrix takes no events and publish_top_n no
        lists that have not passed. Every rule is evaluated before that
"""

import argparse
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql import DataFrame

from nightrec.availability import hidden_items, is_available
from nightrec.context import SparkContext, run_spark_job
from nightrec.errors import GateError
from nightrec.lake import Lake
from nightrec.published import TABLES
from nightrec.quality import other_lists, suites, transform
from nightrec.quality.data_docs import open_context, publish_results
from nightrec.quality.gate import Verdict, evaluate, explain
from nightrec.quality.reasons import Facts, check_reasons
from nightrec.reasons.counts import item_users, met_pairs, newest_texts
from nightrec.reasons.sentences import AUTO, read_messages
from nightrec.reasons.words import LONGEST
from nightrec.schemas import contract
from nightrec.writer.replace import has_texts

log = logging.getLogger(__name__)
Frames = dict[str, DataFrame]
COLUMN_TYPES = "table string, column string, expected string, written string, is_same boolean"
READS = {
    "events": ("events", "items", "deliveries"),
    "topn": (*TABLES, "interactions", "items", "user_texts", "item_aspects"),
}


def validate_table(ctx: SparkContext) -> None:
    """Evaluate every rule, record the verdicts, then raise if one is broken.

    Raises:
        GateError: With rule, count, share and example keys.
    """
    table, day = ctx.args.table, ctx.run_date
    columns = column_types(ctx.lake, READS[table], day)
    frames: Frames = {"columns": ctx.spark.createDataFrame(columns, COLUMN_TYPES)}
    asked = {"columns": suites.columns_rules()}
    # Files of another shape cannot even be read by contract; that is then the only thing to say.
    if all(is_same for *_, is_same in columns):
        frames |= _event_frames(ctx) if table == "events" else _list_frames(ctx)
        coverage = ctx.config.quality.min_coverage_frac
        asked |= suites.events_suites() if table == "events" else suites.topn_suites(coverage)
        asked |= suites.texts_suites() if "reason_texts" in frames else {}

    docs = open_context(Path(ctx.config.place(ctx.config.paths.data_docs)), ctx.config.domain)
    run_name = f"{day} {table}"
    with _views(frames):
        verdicts = evaluate(docs, run_name, frames, asked)
        if "events" in frames:
            _log_unknown_items(ctx, frames["events"])
    publish_results(docs, run_name, list(asked))
    _record(ctx, table, verdicts)
    if not all(verdict.is_passed for verdict in verdicts):
        raise GateError(explain(table, f"run_date={day}", verdicts, _next_step(ctx, table)))


def column_types(lake: Lake, tables: Iterable[str], run_date: date) -> list[tuple[str, str, str, str, bool]]:
    """Return a row of `COLUMN_TYPES` for every column of the contracts; `written` names all types in the files.

    Raises:
        MissingPartitionError: If a partition is not finished.
    """
    found = []
    for table in tables:
        lake.require(table, run_date)
        folder = lake.path(f"{contract(table).folder}/run_date={run_date}")
        schemas = [part.physical_schema for part in ds.dataset(folder, filesystem=lake.fs).get_fragments()]
        for field in contract(table).arrow():
            expected = str(field.type)
            written = sorted({str(s.field(field.name).type) if field.name in s.names else "nothing" for s in schemas})
            found.append((table, field.name, expected, ", ".join(written), written == [expected]))
    return found


def _event_frames(ctx: SparkContext) -> Frames:
    events, items, deliveries = (ctx.tables.read(name, ctx.run_date) for name in READS["events"])
    settings = ctx.config.ingest
    return {
        "events": transform.check_events(events, items, ctx.run_date, settings.max_future_hours),
        "deliveries": transform.check_deliveries(deliveries, events, settings.max_reject_frac),
        "items": items,
    }


def _list_frames(ctx: SparkContext) -> Frames:
    rows, fallback, similar, popular, queries, interactions, items, user_texts, aspects = (
        ctx.tables.read(t, ctx.run_date) for t in READS["topn"]
    )
    settings = ctx.config.scoring
    catalogue = items.select("item_id", is_available(ctx.run_date).alias("is_available"))
    seen = hidden_items(interactions, ctx.run_date, settings.exclude_seen_days)
    users = interactions.select("user_id").distinct()
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


@contextmanager
def _views(frames: Mapping[str, DataFrame]) -> Iterator[None]:
    """Keep frames in memory under their names: a suite is several Spark jobs over its frame."""
    for name, frame in frames.items():
        frame.persist().createOrReplaceTempView(name)
    yield
    for frame in frames.values():
        frame.unpersist()


def _record(ctx: SparkContext, table: str, verdicts: Sequence[Verdict]) -> None:
    rows = [(v.rule, v.is_passed, v.n_unexpected, v.unexpected_frac) for v in verdicts]
    schema = contract(f"{table}_checks").arrow()
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    ctx.lake.write_arrow(f"{table}_checks", ctx.run_date, pa.table(columns, schema))
    n_failed = sum(not verdict.is_passed for verdict in verdicts)
    # Two runs of this task a night share the parent run, so the names carry the table.
    ctx.run.log_metrics({f"{table}_n_rules": len(verdicts), f"{table}_n_failed": n_failed})


def _log_unknown_items(ctx: SparkContext, events: DataFrame) -> None:
    """Warn of events about items that the catalogue lacks; they can be learnt from but not shown."""
    n_items, n_unknown = events.where("item_id IS NOT NULL").count(), events.where("NOT is_known_item").count()
    ctx.run.log_metrics({"unknown_item_frac": n_unknown / max(n_items, 1)})
    if n_unknown:
        log.warning("%d of %d events are about items that are not in items/%s", n_unknown, n_items, ctx.run_date)


def _next_step(ctx: SparkContext, table: str) -> str:
    flags = f"--domain {ctx.config.domain} --run-date {ctx.run_date}"
    if table == "events":
        delivery = ctx.config.landing(ctx.run_date, "events").removesuffix("/events")
        return f"correct the delivery in {delivery} and run jobs/ingest_logs.py {flags}, then this again"
    return f"the lists published before stay; correct and run jobs/score_top_n.py {flags}, then this again"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, choices=sorted(READS), help="table to gate")


def main(argv: Sequence[str]) -> int:
    """Run the job and return its exit code."""
    return run_spark_job(validate_table, __doc__ or "", argv, _arguments)
