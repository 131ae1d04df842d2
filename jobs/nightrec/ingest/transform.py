"""From text lines to typed events and items: what is usable, what is wrong with the rest, what came before.

Deliberately strict about keys, types and times and about nothing else: texts are cleaned later.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

# At most 100 digits and an exponent of two, so that every match is a finite double.
NUMBER = r"^\s*[+-]?(\d{1,100}(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?\s*$"
ISO_8601 = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$"
WITHOUT_ITEM = ("question", "search")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_ROWS = "0" * 16
ORIGIN = ["file", "line", "raw", "raw_encoding"]


def type_events(
    lines: DataFrame, columns: Sequence[str], event_types: Sequence[str], last_moment: datetime
) -> DataFrame:
    """Type the lines of the events feed and say what is wrong with each.

    Args:
        lines: What `read_lines` returns.
        columns: Column names of the `events` contract.
        event_types: Known event types.
        last_moment: Later events are rejected; with its time zone.

    Returns:
        `file, line, raw, raw_encoding, reason` and the contract's columns; `reason` is null for a usable line and names
        the first offending column otherwise. A missing `event_id` is made from the other columns.
    """
    typed = _with_numbers(_cleaned(lines, columns), "event_at", "value", "rank").withColumns(
        {"event_at": moment("event_at"), "value": F.col("value_number"), "rank": _rank()}
    )
    reason = F.coalesce(
        "error",
        _fault(_blank("user_id"), "user_id: missing"),
        _fault(_blank("event_type"), "event_type: missing"),
        _fault(~F.col("event_type").isin(*event_types), "event_type: unknown"),
        _fault(_blank("event_at_logged"), "event_at: missing"),
        _fault(F.col("event_at").isNull(), "event_at: unreadable"),
        _fault(F.col("event_at") < F.lit(EPOCH), "event_at: before 1970"),
        _fault(F.col("event_at") > F.lit(last_moment), f"event_at: after {last_moment.isoformat()}"),
        _fault(_blank("item_id") & ~F.col("event_type").isin(*WITHOUT_ITEM), "item_id: missing"),
        _fault(_unreadable("value"), "value: unreadable"),
        _fault(_unreadable("rank"), "rank: unreadable or below 1"),
    )
    event_id = F.coalesce("event_id", _made_event_id(columns)).alias("event_id")
    return typed.select(*ORIGIN, reason.alias("reason"), event_id, *(name for name in columns if name != "event_id"))


def type_items(lines: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Type the lines of the items feed and say what is wrong with each; arguments and result as for `type_events`."""
    typed = _with_numbers(_cleaned(lines, columns), "price", "available_from", "available_to").withColumns(
        {
            "price": F.col("price_number"),
            "available_from": moment("available_from"),
            "available_to": moment("available_to"),
        }
    )
    reason = F.coalesce(
        "error",
        _fault(_blank("item_id"), "item_id: missing"),
        _fault(_unreadable("price"), "price: unreadable"),
        _fault(F.col("price") < 0, "price: below 0"),
        _fault(_unreadable("available_from"), "available_from: unreadable"),
        _fault(_unreadable("available_to"), "available_to: unreadable"),
    )
    return typed.select(*ORIGIN, reason.alias("reason"), *columns)


def mark_repeated_events(events: DataFrame, known: DataFrame) -> DataFrame:
    """Add `is_duplicate` to usable events.

    The first line with an `event_id`, by file and line, is no duplicate unless another delivery had it.

    Args:
        events: Usable lines with `file`, `line` and the columns of `events`.
        known: `event_id` of earlier deliveries; repeats allowed.
    """
    in_order = Window.partitionBy("event_id").orderBy("file", "line")
    numbered = events.withColumn("place", F.row_number().over(in_order))
    earlier = known.select("event_id").distinct().withColumn("is_known", F.lit(True))
    joined = numbered.join(earlier, on=["event_id"], how="left")
    is_duplicate = (F.col("place") > 1) | F.coalesce("is_known", F.lit(False))
    return joined.withColumn("is_duplicate", is_duplicate).drop("place", "is_known")


def mark_superseded_items(items: DataFrame) -> DataFrame:
    """Add `is_duplicate` to usable items: the last line of an item, by file and line, is its current state."""
    newest_first = Window.partitionBy("item_id").orderBy(F.desc("file"), F.desc("line"))
    return items.withColumn("is_duplicate", F.row_number().over(newest_first) > 1)


def update_catalogue(previous: DataFrame, delivered: DataFrame) -> DataFrame:
    """Replace the delivered items in the previous catalogue as whole rows and keep the others.

    Args:
        previous: Columns of `items`, unique by `item_id`.
        delivered: The same and more, unique by `item_id`.
    """
    kept = previous.join(delivered.select("item_id"), on=["item_id"], how="left_anti")
    return kept.select(*previous.columns).unionByName(delivered.select(*previous.columns))


def lost_titles(previous: DataFrame, delivered: DataFrame) -> DataFrame:
    """Return `item_id` of items that have a title in the previous catalogue and are delivered without; both unique."""
    untitled = delivered.where(F.col("title").isNull()).select("item_id")
    titled = previous.where(F.col("title").isNotNull()).select("item_id")
    return untitled.join(titled, on=["item_id"], how="left_semi")


def fingerprint(columns: Sequence[str], counts: Column | None = None) -> Column:
    """Return an aggregate that hashes all rows, whatever their order, to 16 hexadecimal digits.

    Rows must be distinct, since two equal ones cancel out; every contract's key sees to that. With `counts`, only rows
    where it is true are hashed.
    """
    # xxhash64 skips nulls, so without the flags a text that moves to the next column would go unseen.
    hashed = F.xxhash64(*columns, *(F.col(name).isNull() for name in columns))
    hashed = hashed if counts is None else F.when(counts, hashed)
    return F.lpad(F.lower(F.hex(F.coalesce(F.bit_xor(hashed), F.lit(0)))), 16, "0")


def number(name: str) -> Column:
    """Return a text column as a finite double, null where it is no plain decimal number."""
    return F.when(F.col(name).rlike(NUMBER), F.col(name).cast("double"))


def moment(name: str) -> Column:
    """Return a text column as a timestamp, null where it is none; its `number` stands in `<name>_number`.

    Takes ISO 8601 with an offset, with `Z` or with neither (UTC), and epoch seconds or milliseconds. Numbers from 1e8
    to 1e11 are seconds (1973 to 5138), up to 1e14 milliseconds; smaller ones are years or counters, larger ones are
    finer units.
    """
    epoch = F.col(f"{name}_number")
    micros = F.when(epoch.between(1e8, 1e11), epoch * 1e6).when(epoch.between(1e11, 1e14), epoch * 1e3)
    # Spark reads +01:00 but not +0100, which Python and Java write by default.
    iso = F.regexp_replace(name, r"(:\d{2}(?:\.\d+)?[+-]\d{2})(\d{2})\s*$", "$1:$2").try_cast("timestamp")
    return F.when(F.col(name).rlike(ISO_8601), iso).otherwise(F.timestamp_micros(F.round(micros).cast("long")))


def _cleaned(lines: DataFrame, columns: Sequence[str]) -> DataFrame:
    # NUL breaks Postgres, C libraries and most viewers; empty text is how CSV says null.
    return lines.withColumns({name: F.nullif(F.replace(name, F.lit("\0"), F.lit("")), F.lit("")) for name in columns})


def _with_numbers(texts: DataFrame, *names: str) -> DataFrame:
    """Add `<name>_logged` and `<name>_number`, a step of their own so that Spark computes each number once."""
    logged = {f"{name}_logged": F.col(name) for name in names}
    return texts.withColumns(logged | {f"{name}_number": number(name) for name in names})


def _rank() -> Column:
    rank = F.col("rank_number")
    return F.when((rank >= 1) & (rank < 2**31) & (rank == F.floor(rank)), rank).cast("int")


def _blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(name) == "")


def _unreadable(name: str) -> Column:
    return F.col(name).isNull() & ~_blank(f"{name}_logged")


def _fault(condition: Column, reason: str) -> Column:
    return F.when(condition, F.lit(reason))


def _made_event_id(columns: Sequence[str]) -> Column:
    # Microseconds, because JSON would cut the time to milliseconds and join events that differ.
    event_at = F.unix_micros("event_at").alias("event_at")
    parts = [event_at if name == "event_at" else F.col(name) for name in columns if name != "event_id"]
    return F.sha2(F.to_json(F.struct(*parts)), 256)
