"""What counts as a duplicate, how the catalogue moves on, and the fingerprint."""

from nightrec.ingest.transform import (
    fingerprint,
    lost_titles,
    mark_repeated_events,
    mark_superseded_items,
    update_catalogue,
)


def test_mark_repeated_events_keeps_the_first_line_that_no_earlier_delivery_had(spark):
    events = spark.createDataFrame(
        [("e1", "b", 1), ("e1", "a", 9), ("e1", "a", 10), ("e2", "a", 1), ("e3", "a", 2)],
        "event_id string, file string, line bigint",
    )
    known = spark.createDataFrame([("e2",), ("e2",), ("e7",)], "event_id string")  # e2 came twice before

    got = {
        (row.event_id, row.file, row.line): row.is_duplicate for row in mark_repeated_events(events, known).collect()
    }

    assert got == {
        ("e1", "a", 9): False,
        ("e1", "a", 10): True,
        ("e1", "b", 1): True,
        ("e2", "a", 1): True,
        ("e3", "a", 2): False,
    }


def test_mark_superseded_items_keeps_the_last_line(spark):
    items = spark.createDataFrame(
        [("i1", "a", 9), ("i1", "a", 10), ("i2", "b", 1), ("i2", "a", 5)], "item_id string, file string, line bigint"
    )
    kept = {(row.item_id, row.file, row.line) for row in mark_superseded_items(items).collect() if not row.is_duplicate}
    assert kept == {("i1", "a", 10), ("i2", "b", 1)}


def test_update_catalogue_replaces_whole_rows(spark):
    schema = "item_id string, title string, price double"
    previous = spark.createDataFrame([("i1", "old", 1.0), ("i2", "same", 2.0)], schema)
    delivered = spark.createDataFrame([("i1", "new", None, 7), ("i3", "fresh", 3.0, 8)], schema + ", line bigint")
    got = sorted(tuple(row) for row in update_catalogue(previous, delivered).collect())
    assert got == [("i1", "new", None), ("i2", "same", 2.0), ("i3", "fresh", 3.0)]


def test_lost_titles_are_those_of_items_delivered_without_one(spark):
    schema = "item_id string, title string"
    previous = spark.createDataFrame([("lost", "a"), ("kept", "b"), ("never", None), ("not delivered", "c")], schema)
    delivered = spark.createDataFrame([("lost", None), ("kept", "d"), ("never", None), ("new", None)], schema)
    assert [row.item_id for row in lost_titles(previous, delivered).collect()] == ["lost"]


def test_fingerprint_depends_on_rows_and_not_on_their_order(spark):
    def of(*rows, **counts):
        frame = spark.createDataFrame(list(rows), "a string, b string")
        return frame.agg(fingerprint(["a", "b"], **counts)).collect()[0][0]

    both = of(("x", "y"), ("p", None))
    assert both == of(("p", None), ("x", "y"))
    assert len({both, of(("x", "y")), of(("x", "y"), (None, "p")), of()}) == 4
    assert of() == "0" * 16
