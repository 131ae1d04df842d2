"""Edges that the planted nights of tests/contract do not reach."""

import time
from datetime import date

import pytest

from nightrec.lateness import last_moment
from nightrec.quality.transform import check_deliveries, check_events, check_lists, check_rows

ROWS = "user_id string, rank int, item_id string, score float"


def catalogue(spark, **is_available):
    return spark.createDataFrame(list(is_available.items()), "item_id string, is_available boolean")


def flags(frame, *columns):
    return sorted(tuple(row) for row in frame.select(*columns).collect())


def test_flags_are_empty_where_another_rule_speaks(spark):
    rows = spark.createDataFrame([("u", 1, None, None), ("u", 2, "ghost", 1.0)], ROWS)

    got = check_rows(rows, catalogue(spark, a=True), ["user_id"])

    columns = ("rank", "is_known_item", "is_available", "is_single", "is_finite", "is_in_order")
    assert flags(got, *columns) == [(1, None, None, None, None, None), (2, False, None, True, True, None)]


def test_equal_scores_are_in_order_and_lists_are_told_apart(spark):
    rows = spark.createDataFrame([("u", 1, "a", 1.0), ("u", 2, "b", 1.0), ("u", 3, "c", 1.5), ("v", 1, "a", 9.0)], ROWS)

    got = check_rows(rows, catalogue(spark, a=True, b=False, c=False), ["user_id"])

    wanted = [("u", 1, None), ("u", 2, True), ("u", 3, False), ("v", 1, None)]
    assert flags(got, "user_id", "rank", "is_in_order") == wanted
    assert flags(got.where("is_available"), "user_id", "item_id") == [("u", "a"), ("v", "a")]
    assert got.where("NOT is_single").count() == 0


def test_expected_length_counts_what_is_left_to_show(spark):
    seen = spark.createDataFrame(
        [("one", "a"), ("one", "gone"), ("two", "a"), ("two", "b")], "user_id string, item_id string"
    )
    users = spark.createDataFrame([("none",), ("one",), ("two",)], "user_id string")
    rows = spark.createDataFrame([("one", 1, "b", 1.0), ("stranger", 1, "a", 1.0)], ROWS)

    got = check_lists(rows, users, seen, catalogue(spark, a=True, b=True, gone=False), top_n=20)

    assert flags(got, "user_id", "n_expected", "is_covered", "is_known_user") == [
        ("none", 2, False, True),
        ("one", 1, True, True),  # one of two seen; what is gone was not to be had
        ("stranger", 2, None, False),
        ("two", 0, True, True),  # has seen all there is: no list is right
    ]


def test_delivery_without_lines_has_few_rejects(spark):
    feeds = "feed string, n_read long, n_accepted long, n_rejected long, n_duplicates long"
    deliveries = spark.createDataFrame([("events", 0, 0, 0, 0), ("items", 4, 3, 1, 0)], feeds)

    got = check_deliveries(deliveries, spark.createDataFrame([], "event_id string"), max_reject_frac=0.25)

    columns = ("feed", "n_written", "is_whole", "is_accounted_for", "has_few_rejects")
    assert flags(got, *columns) == [("events", 0, True, True, None), ("items", None, None, True, True)]


@pytest.fixture(params=["Asia/Shanghai", "America/Los_Angeles"])
def elsewhere(request, monkeypatch):
    """Put this process, Spark's driver, into another time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_the_run_date_ends_in_utc_wherever_the_driver_is(spark):
    moments = [("last", "2026-01-31T23:59:59Z"), ("end", "2026-02-01T00:00:00Z"), ("late", "2026-02-01T00:00:01Z")]
    events = spark.createDataFrame([(*row, "view", "a") for row in moments], "event_id string, event_at string, "
                                   "event_type string, item_id string")  # fmt: skip
    events = events.withColumn("event_at", events["event_at"].cast("timestamp"))

    got = check_events(events, catalogue(spark, a=True), last_moment(date(2026, 1, 31), max_future_hours=0))

    assert flags(got, "event_id", "is_in_time") == [("end", True), ("last", True), ("late", False)]
