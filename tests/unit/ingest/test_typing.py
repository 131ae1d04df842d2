"""Text lines to typed events and items: one frame of cases each, since a Spark job costs more than the cases."""

from datetime import UTC, datetime

import pytest

from nightrec.ingest.transform import type_events, type_items
from nightrec.schemas import contract

TYPES = ["view", "click", "question", "search"]
LATEST = datetime(2026, 2, 2, tzinfo=UTC)
NOON = datetime(2026, 1, 31, 12)
GOOD = {"event_id": "e1", "user_id": "u1", "event_type": "view", "event_at": "2026-01-31T12:00:00Z", "item_id": "i1"}


def typed(spark, rows, table):
    """Return what becomes of text rows, in their order."""
    columns = contract(table).names
    origin = {"file": "f", "raw": "raw", "raw_encoding": "utf-8", "error": None}
    given = [origin | {"line": k} | dict.fromkeys(columns) | row for k, row in enumerate(rows, 1)]
    schema = ", ".join(f"{name} {'bigint' if name == 'line' else 'string'}" for name in given[0])
    lines = spark.createDataFrame([tuple(row.values()) for row in given], schema)
    done = type_events(lines, columns, TYPES, LATEST) if table == "events" else type_items(lines, columns)
    return [row.asDict() for row in done.orderBy("line").collect()]


EVENT_FAULTS = [
    ({"user_id": None}, "user_id: missing"),
    ({"user_id": " "}, "user_id: missing"),
    ({"user_id": "\0"}, "user_id: missing"),
    ({"event_type": ""}, "event_type: missing"),
    ({"event_type": "VIEW"}, "event_type: unknown"),
    ({"event_at": None}, "event_at: missing"),
    ({"event_at": "yesterday"}, "event_at: unreadable"),
    ({"event_at": "2026-02-30T00:00:00Z"}, "event_at: unreadable"),
    ({"event_at": "2026"}, "event_at: unreadable"),
    ({"event_at": "0"}, "event_at: unreadable"),
    ({"event_at": "1769860800000000"}, "event_at: unreadable"),  # microseconds
    ({"event_at": "1969-12-31T23:59:59Z"}, "event_at: before 1970"),
    ({"event_at": "2026-02-02T00:00:00.000001Z"}, "event_at: after 2026-02-02T00:00:00+00:00"),
    ({"item_id": None}, "item_id: missing"),
    ({"item_id": None, "event_type": "click"}, "item_id: missing"),
    ({"value": "five"}, "value: unreadable"),
    ({"value": "1,5"}, "value: unreadable"),
    ({"value": "NaN"}, "value: unreadable"),
    ({"value": "1e999"}, "value: unreadable"),
    ({"value": "5d"}, "value: unreadable"),  # Java reads 5.0
    ({"rank": "0"}, "rank: unreadable or below 1"),
    ({"rank": "1.5"}, "rank: unreadable or below 1"),
    ({"rank": "3000000000"}, "rank: unreadable or below 1"),
    ({"error": "not JSON: x", "user_id": None}, "not JSON: x"),
    ({"item_id": None, "event_type": "search"}, None),
    ({"item_id": None, "event_type": "question"}, None),
    ({"event_at": "2026-02-02T00:00:00Z"}, None),
    ({"value": "", "rank": ""}, None),
]


def test_type_events_names_the_offending_column(spark):
    rows = typed(spark, [GOOD | fault for fault, _ in EVENT_FAULTS], "events")
    assert [(fault, row["reason"]) for (fault, _), row in zip(EVENT_FAULTS, rows, strict=True)] == EVENT_FAULTS


MOMENTS = [
    ("2026-01-31T12:00:00Z", NOON),
    ("2026-01-31T13:00:00+01:00", NOON),
    ("2026-01-31T13:00:00+0100", NOON),
    ("2026-01-31T07:00:00.250-0500", NOON.replace(microsecond=250_000)),
    ("2026-01-31T12:00:00", NOON),
    ("2026-01-31 12:00:00.000000", NOON),
    ("2026-01-31 12:00", NOON),
    (" 2026-01-31T12:00:00Z ", NOON),
    ("2026-01-31", datetime(2026, 1, 31)),
    ("1769860800", NOON),
    ("1769860800.5", NOON.replace(microsecond=500_000)),
    ("1.7698608E9", NOON),  # how Java prints a double
    ("1769860800123", NOON.replace(microsecond=123_000)),
]


def test_type_events_reads_iso_and_epoch_times_as_utc(spark):
    rows = typed(spark, [GOOD | {"event_at": text} for text, _ in MOMENTS], "events")
    assert [(text, row["event_at"]) for (text, _), row in zip(MOMENTS, rows, strict=True)] == MOMENTS


def test_type_events_keeps_keys_and_texts_and_types_numbers(spark):
    odd = 'o\'b "x"\n😀 张三\\'
    (row,) = typed(
        spark, [GOOD | {"user_id": odd, "item_id": odd, "text": "a\0b", "value": "4.5", "rank": "3"}], "events"
    )
    assert row["reason"] is None
    assert (row["user_id"], row["item_id"], row["text"], row["value"], row["rank"]) == (odd, odd, "ab", 4.5, 3)


def test_type_events_makes_missing_event_ids_from_the_other_columns(spark):
    without = GOOD | {"event_id": None}
    first, same, later, moved, given = typed(
        spark,
        [without, without | {"event_id": "", "event_at": "2026-01-31T13:00:00+01:00"},
         without | {"event_at": "2026-01-31T12:00:00.000001Z"}, without | {"session_id": "s", "text": None}, GOOD],
        "events",
    )  # fmt: skip
    assert len(first["event_id"]) == 64
    assert first["event_id"] == same["event_id"]
    assert len({first["event_id"], later["event_id"], moved["event_id"]}) == 3
    assert given["event_id"] == "e1"


ITEM_FAULTS = [
    ({"item_id": ""}, "item_id: missing"),
    ({"price": "cheap"}, "price: unreadable"),
    ({"price": "-1"}, "price: below 0"),
    ({"available_from": "soon"}, "available_from: unreadable"),
    ({"available_to": "13"}, "available_to: unreadable"),
    ({"price": "0.10", "available_from": "2026-01-31", "available_to": "1769860800"}, None),
]


def test_type_items_names_the_offending_column(spark):
    rows = typed(spark, [{"item_id": "i1"} | fault for fault, _ in ITEM_FAULTS], "items")
    assert [(fault, row["reason"]) for (fault, _), row in zip(ITEM_FAULTS, rows, strict=True)] == ITEM_FAULTS
    assert (rows[-1]["price"], rows[-1]["available_to"]) == (pytest.approx(0.1), NOON)
