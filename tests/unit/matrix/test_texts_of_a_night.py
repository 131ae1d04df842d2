"""What was written later, by its delivery or by its own clock, describes nobody and nothing on an earlier night."""

import argparse
from datetime import date, datetime
from types import SimpleNamespace

import pytest

from nightrec.config import load_config
from nightrec.context import SparkContext
from nightrec.matrix.job import make_texts
from nightrec.schemas import contract

D1, D2 = date(2026, 1, 30), date(2026, 1, 31)


def review(event_id, at):
    return {
        "event_id": event_id,
        "user_id": "u1",
        "event_type": "review",
        "item_id": "i1",
        "event_at": at,
        "text": event_id,
    }


@pytest.fixture
def write(spark, tables):
    def rows(table, day, *given):
        wanted = contract(table)
        full = [tuple(row.get(name) for name in wanted.names) for row in given]
        tables.overwrite(table, day, spark.createDataFrame(full, wanted.spark()))

    return rows


def texts_of(spark, tables, day, deliveries):
    ctx = SparkContext(load_config("tiny"), day, SimpleNamespace(), tables, argparse.Namespace(), tables, spark)
    tables.overwrite_all(day, make_texts(ctx, deliveries, tables.read("items", day)))
    written = [set(tables.read_arrow(f"{side}_texts", day)["text"].to_pylist()) for side in ("user", "item")]
    assert written[1] - {"spade"} == written[0]
    return written[0]


def test_later_texts_describe_no_user_and_no_item(spark, tables, write):
    for day in (D1, D2):
        write("items", day, {"item_id": "i1", "title": "spade"})
        met = {
            "first_at": datetime(2026, 1, 1),
            "last_at": datetime(2026, 1, 1),
            "weight": 1.0,
            "n_events": 1,
            "n_goals": 1,
        }
        write("interactions", day, met | {"user_id": "u1", "item_id": "i1"})
        write("held_out", day)
    write("events", D1, review("in time", datetime(2026, 1, 30, 23, 59)), review("ahead", datetime(2026, 1, 31)))
    write("events", D2, review("next day", datetime(2026, 1, 31, 9)), review("late", datetime(2026, 1, 30, 9)))

    assert texts_of(spark, tables, D1, [D1]) == {"in time"}
    assert texts_of(spark, tables, D2, [D1, D2]) == {"in time", "ahead", "next day", "late"}
