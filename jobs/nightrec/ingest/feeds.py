"""Read one feed of a delivery: its lines typed and cleaned, kept until the job ends."""

from collections.abc import Sequence
from typing import NamedTuple, get_args

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.cleaning.columns import COUNTS, clean_texts
from nightrec.cleaning.words import Rules
from nightrec.context import SparkContext
from nightrec.ingest import transform
from nightrec.ingest.headers import delivered_columns
from nightrec.ingest.lines import read_lines
from nightrec.ingest.notices import say_ignored_columns
from nightrec.lake import arrow_uri
from nightrec.lateness import last_moment
from nightrec.schemas import contract
from nightrec.settings import EventType, IngestConfig

DISK = StorageLevel.DISK_ONLY
EVENTS, ITEMS = "events", "items"
REQUIRED = {EVENTS: ["user_id", "event_type", "event_at"], ITEMS: ["item_id"]}
TEXTS = {EVENTS: ["text"], ITEMS: ["title", "description"]}


class Feed(NamedTuple):
    """One feed of the delivery: its typed lines with their `reason`, how many there are, and what cleaning them did."""

    name: str
    lines: DataFrame
    n_read: int
    cleaned: dict[str, int]


def read_feed(ctx: SparkContext, name: str, files: list[str]) -> Feed:
    """Read, type and clean one feed of the run date's delivery.

    Args:
        ctx: The job's.
        name: `events` or `items`.
        files: Names below the feed's folder.
    """
    settings = ctx.config.ingest
    columns = [column for column in contract(name).names if (name, column) != (EVENTS, "language")]
    folder = arrow_uri(ctx.config.landing(ctx.run_date, name))
    say_ignored_columns(name, delivered_columns(folder, files, REQUIRED[name]), columns)
    lines = read_lines(ctx.spark, folder, files, columns, REQUIRED[name])
    typed = transform.type_items(lines, columns) if name == ITEMS else _type_events(ctx, lines, columns)
    # The catalogue says itself which language it is in.
    languages = settings.languages if name == EVENTS else []
    typed = clean_texts(typed, TEXTS[name], cleaning_rules(settings)._replace(languages=languages))
    typed = typed.withColumnRenamed("text_language", "language")
    # Parsing and typing are most of the work; counting, rejecting and keeping each read the lines. It is a fence too:
    # a filter on `reason` pushed down into the typing grows into code that the JVM refuses to compile.
    typed = typed.persist(DISK)
    n_read, *cleaned = typed.agg(F.count("*"), *(F.coalesce(F.sum(count), F.lit(0)) for count in COUNTS)).collect()[0]
    return Feed(name, typed, n_read, dict(zip(COUNTS, cleaned, strict=True)))


def cleaning_rules(settings: IngestConfig) -> Rules:
    """Return how texts are cleaned."""
    return Rules(settings.max_text_chars, settings.phone_regions, settings.languages)


def _type_events(ctx: SparkContext, lines: DataFrame, columns: Sequence[str]) -> DataFrame:
    latest = last_moment(ctx.run_date, ctx.config.ingest.max_future_hours)
    return transform.type_events(lines, columns, get_args(EventType), latest)
