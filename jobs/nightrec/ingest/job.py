"""ingest_logs: turn a delivery's files into typed events, the catalogue as of the date, and every line not used.

Reads   landing/D (events, items), events/ and events_checks/(D -+ ingest.deduplicate_days) for known event_ids,
        items/ and events_checks/ of the newest date before D that passed its gate
Writes  rejects/D, items/D, deliveries/D, events/D, in this order. Replaces those partitions; safe to repeat.
Fails   2 if a country or a language of its settings is unknown; 3 if the delivery is missing, has no lines or brings
        nothing new, or if no items ever came; 4 if no event is usable and more than ingest.max_reject_frac are
        rejected. Rejects and counts are written before it fails.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from nightrec.cleaning.columns import COUNTS, mask_lines
from nightrec.context import SparkContext, run_spark_job
from nightrec.ingest import transform
from nightrec.ingest.checks import refuse_no_files, refuse_no_lines, refuse_nothing_new, refuse_unknown_codes
from nightrec.ingest.feeds import DISK, EVENTS, ITEMS, REQUIRED, Feed, cleaning_rules, read_feed
from nightrec.ingest.files import list_files
from nightrec.ingest.ledger import Ledger, Reasons
from nightrec.ingest.notices import warn_of_empty_column, warn_of_lost_titles
from nightrec.schemas import contract

log = logging.getLogger(__name__)


def ingest_logs(ctx: SparkContext) -> None:
    """Write what is unusable first and the events last, so that finished events mean a finished delivery."""
    refuse_unknown_codes(ctx.config.ingest)
    names = {name: list_files(_folder(ctx, name)) for name in REQUIRED}
    refuse_no_files(_folder(ctx, EVENTS), names[EVENTS])
    events, items = (read_feed(ctx, name, names[name]) for name in REQUIRED)
    refuse_no_lines(_folder(ctx, EVENTS), names[EVENTS], events.n_read)
    reasons = _write_rejects(ctx, events, items)

    new_events = transform.mark_repeated_events(_usable(events), _known_event_ids(ctx)).persist(DISK)
    new_items = transform.mark_superseded_items(_usable(items)).persist(DISK)
    valued = [kind for kind, worth in ctx.config.matrix.event_weights.items() if worth.value_weight]
    event_ledger = _ledger(events, new_events, reasons, "value", F.col("event_type").isin(valued))
    item_ledger = _ledger(items, new_items, reasons, "title", F.lit(True))
    n_catalogue, snapshot = _write_catalogue(ctx, _kept(new_items), item_ledger.n_accepted)
    _record(ctx, event_ledger, replace(item_ledger, fingerprint=snapshot))

    refuse_nothing_new(ctx, _folder(ctx, EVENTS), event_ledger, n_catalogue)
    n_events = ctx.tables.overwrite(EVENTS, ctx.run_date, _kept(new_events))
    ctx.run.log_metrics({"rows_in": events.n_read + items.n_read, "rows_out": n_events, "items": n_catalogue})
    ctx.run.log_metrics({count: events.cleaned[count] + items.cleaned[count] for count in COUNTS})
    ctx.spark.catalog.clearCache()


def main(argv: Sequence[str]) -> int:
    """Run `ingest_logs` and return its exit code."""
    return run_spark_job(ingest_logs, __doc__ or "", argv)


def _folder(ctx: SparkContext, name: str) -> str:
    return ctx.config.landing(ctx.run_date, name)


def _usable(feed: Feed) -> DataFrame:
    return feed.lines.where(F.col("reason").isNull()).drop("reason", "raw", "raw_encoding")


def _kept(marked: DataFrame) -> DataFrame:
    return marked.where(~F.col("is_duplicate"))


def _write_rejects(ctx: SparkContext, *feeds: Feed) -> dict[str, Reasons]:
    """Write the rejected lines and return the reasons by feed, most frequent first."""
    first, second = (
        feed.lines.where(F.col("reason").isNotNull()).withColumn("feed", F.lit(feed.name)) for feed in feeds
    )
    columns = contract("rejects").names
    both = first.select(*columns).unionByName(second.select(*columns))
    masked = mask_lines(cleaning_rules(ctx.config.ingest))("raw", "raw_encoding")
    ctx.tables.overwrite("rejects", ctx.run_date, both.withColumn("raw", masked))
    counted = ctx.tables.read("rejects", ctx.run_date).groupBy("feed", "reason").count()
    # Reasons are fixed texts, a few hundred at most.
    found = counted.orderBy(F.desc("count"), "reason").collect()
    return {
        feed.name: tuple((row["reason"], row["count"]) for row in found if row["feed"] == feed.name) for feed in feeds
    }


def _known_event_ids(ctx: SparkContext) -> DataFrame:
    """Read what other deliveries brought: later ones too, so that one repaired afterwards counts nothing twice."""
    window = timedelta(days=ctx.config.ingest.deduplicate_days)
    near = [day for day in ctx.tables.finished_dates(EVENTS) if timedelta() < abs(day - ctx.run_date) <= window]
    # The matrix leaves failed deliveries out, so what they brought is new when it is delivered again.
    days = [day for day in near if not ctx.lake.has_failed(day)]
    return ctx.tables.read_many(EVENTS, days).select("event_id")


def _ledger(feed: Feed, marked: DataFrame, reasons: dict[str, Reasons], column: str, has_column: Column) -> Ledger:
    """Count what became of a feed's lines, and warn where the rows that should have a column all lack it."""
    is_kept = ~F.col("is_duplicate")
    accepted, duplicates, hashed, n_rows, n_filled = marked.agg(
        F.count_if(is_kept),
        F.count_if(~is_kept),
        transform.fingerprint(contract(feed.name).names, is_kept),
        F.count_if(is_kept & has_column),
        F.count_if(is_kept & has_column & F.col(column).isNotNull()),
    ).collect()[0]
    ledger = Ledger(feed.name, feed.n_read, accepted, duplicates, reasons[feed.name], hashed)
    ledger.check()
    warn_of_empty_column(feed.name, column, n_rows, n_filled)
    return ledger


def _write_catalogue(ctx: SparkContext, delivered: DataFrame, n_delivered: int) -> tuple[int, str]:
    """Write the catalogue as of the date, carried forward where none came; return its size and fingerprint."""
    is_replaced = ctx.config.ingest.items_feed == "full" and n_delivered > 0
    before = None if is_replaced else _newest_catalogue(ctx)
    if before is None and n_delivered == 0:
        return 0, transform.NO_ROWS
    catalogue = delivered
    if before:
        previous = ctx.tables.read(ITEMS, before)
        catalogue = transform.update_catalogue(previous, delivered)
        if n_delivered:
            warn_of_lost_titles(ctx, previous, delivered, before)
    rows = ctx.tables.overwrite(ITEMS, ctx.run_date, catalogue)
    written = ctx.tables.read(ITEMS, ctx.run_date)
    return rows, str(written.agg(transform.fingerprint(contract(ITEMS).names)).collect()[0][0])


def _newest_catalogue(ctx: SparkContext) -> date | None:
    """Return the newest earlier delivery whose catalogue may be carried forward, as `build_matrix` takes its events."""
    for day in reversed([day for day in ctx.lake.finished_dates(ITEMS) if day < ctx.run_date]):
        if ctx.lake.has_passed(day):
            return day
        log.warning("leaving out the catalogue of %s: its delivery has not passed its gate", day)
    return None


def _record(ctx: SparkContext, *ledgers: Ledger) -> None:
    schema = contract("deliveries").arrow()
    ctx.lake.write_arrow(
        "deliveries", ctx.run_date, pa.Table.from_pylist([led.row() for led in ledgers], schema=schema)
    )
    for ledger in ledgers:
        log.info("%s", ledger)
        ctx.run.log_metrics(ledger.metrics())
