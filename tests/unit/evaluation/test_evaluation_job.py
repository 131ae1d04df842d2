import argparse
import logging
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pytest

from nightrec.config import load_config
from nightrec.context import SparkContext
from nightrec.evaluation.job import goals_after, lengths
from nightrec.goals import is_goal
from nightrec.published import write_pointer
from nightrec.schemas import contract

LISTED, DELIVERED = date(2026, 1, 30), date(2026, 1, 31)


@pytest.fixture
def night(spark, tables):
    """Return what delivers events to a shop whose published lists have two places."""

    def write(table, day, rows):
        # Only what is read is given.
        loose = pa.schema([field.with_nullable(True) for field in contract(table).arrow()])
        tables.write_arrow(table, day, pa.Table.from_pylist([dict.fromkeys(loose.names) | row for row in rows], loose))

    def deliver(events, ks=(2,)):
        write("topn", LISTED, [{"user_id": "u1", "rank": rank, "item_id": f"i{rank}"} for rank in (1, 2)])
        if events:
            write("events", DELIVERED, events)
        tables.fs.create_dir(tables.path("published"))
        write_pointer(tables, f"run_date={LISTED}", {"topn": tables.partition("topn", LISTED)})
        config = load_config("tiny", overrides=[f"evaluation.ks={list(ks)}"])
        return SparkContext(config, DELIVERED, SimpleNamespace(), tables, argparse.Namespace(), tables, spark)

    return deliver


def bought(item, at):
    return {"event_id": item, "item_id": item, "user_id": "u1", "event_type": "purchase", "event_at": at}


def test_purchases_from_before_the_lists_do_not_count(night, caplog):
    caplog.set_level(logging.INFO, "nightrec")
    first = datetime(2026, 1, 31, tzinfo=UTC)
    late, viewed = bought("late", first - timedelta(microseconds=1)), bought("viewed", first) | {"event_type": "view"}
    ctx = night([bought("first", first), late, viewed, bought(None, first) | {"event_id": "no item"}])

    assert [row.item_id for row in goals_after(ctx, is_goal(["purchase"], None), LISTED).collect()] == ["first"]
    assert f"left out 1 goal events of delivery {DELIVERED} from before the lists of {LISTED}" in caplog.text


@pytest.mark.parametrize(("asked", "fitting"), [([1, 2], [1, 2]), ([1, 5], [1]), ([3, 5], [2])])
def test_lists_are_measured_at_lengths_that_they_have(night, caplog, asked, fitting):
    assert lengths(night([], asked), LISTED) == fitting
    told = f"lists of {LISTED} have 2 places: of evaluation.ks {asked} measuring {fitting}"
    assert (told in caplog.text) == (asked != fitting)
