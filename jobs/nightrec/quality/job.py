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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame

from nightrec.context import SparkContext, run_spark_job
from nightrec.errors import GateError
from nightrec.quality import suites
from nightrec.quality.data_docs import open_context, publish_results
from nightrec.quality.frames import COLUMN_TYPES, READS, Frames, column_types, event_frames, list_frames
from nightrec.quality.gate import Verdict, evaluate, explain
from nightrec.schemas import contract

log = logging.getLogger(__name__)


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
        frames |= event_frames(ctx) if table == "events" else list_frames(ctx)
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
        raise GateError(explain(table, f"run_date={day}", verdicts, _next_step(ctx, table, verdicts)))


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


def _next_step(ctx: SparkContext, table: str, verdicts: Sequence[Verdict]) -> str:
    flags = f"--domain {ctx.config.domain} --run-date {ctx.run_date}"
    if table == "events":
        delivery = ctx.config.landing(ctx.run_date, "events").removesuffix("/events")
        return f"correct the delivery in {delivery} and run jobs/ingest_logs.py {flags}, then this again"
    is_text = {verdict.rule for verdict in verdicts if not verdict.is_passed} == {"unfaithful_sentence"}
    job = "write_reasons" if is_text else "score_top_n"
    return f"the lists published before stay; correct and run jobs/{job}.py {flags}, then this again"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, choices=sorted(READS), help="table to gate")


def main(argv: Sequence[str]) -> int:
    """Run the job and return its exit code."""
    return run_spark_job(validate_table, __doc__ or "", argv, _arguments)
