"""Several tables written at once."""

from datetime import date, timedelta

import pytest

from nightrec.errors import EmptyOutputError, MissingPartitionError

DAY = date(2026, 1, 31)


def test_tables_written_at_once_are_whole_and_counted(spark, tables):
    users = spark.createDataFrame([("u1", 0), ("u2", 1)], "user_id string, user_idx int")
    items = spark.createDataFrame([("i1", 0)], "item_id string, item_idx int")

    assert tables.overwrite_all(DAY, {"user_index": users, "item_index": items}) == {"user_index": 2, "item_index": 1}

    assert tables.read_arrow("user_index", DAY).sort_by("user_idx")["user_id"].to_pylist() == ["u1", "u2"]
    assert tables.read_arrow("item_index", DAY).to_pylist() == [{"item_id": "i1", "item_idx": 0}]


def test_one_that_fails_leaves_the_others_written(spark, tables):
    items = spark.createDataFrame([("i1", 0)], "item_id string, item_idx int")

    with pytest.raises(EmptyOutputError, match="user_index: no rows for 2026-01-31"):
        tables.overwrite_all(DAY, {"user_index": tables.empty("user_index"), "item_index": items})

    assert (tables.is_finished("user_index", DAY), tables.count("item_index", DAY)) == (False, 1)


def test_many_partitions_are_one_scan_with_their_dates(spark, tables):
    days = [DAY + timedelta(days=k) for k in range(3)]
    for k, day in enumerate(days):
        tables.overwrite("user_index", day, spark.createDataFrame([(f"u{k}", k)], "user_id string, user_idx int"))

    got = tables.read_many("user_index", days[1:])

    assert sorted(tuple(row) for row in got.collect()) == [("u1", 1, days[1]), ("u2", 2, days[2])]
    assert got._jdf.queryExecution().optimizedPlan().collectLeaves().size() == 1
    none = tables.read_many("user_index", [])
    assert (none.dtypes, none.count()) == (got.dtypes, 0)
    assert got.dtypes == [("user_id", "string"), ("user_idx", "int"), ("run_date", "date")]
    with pytest.raises(MissingPartitionError, match="user_index/run_date=2026-01-30"):
        tables.read_many("user_index", [days[0], DAY - timedelta(days=1)])
