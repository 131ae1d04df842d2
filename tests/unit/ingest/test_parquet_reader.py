"""Parquet rows as text, whatever their types."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from nightrec.ingest.parquet_reader import read_parquet

COLUMNS = ["user_id", "event_at", "value", "tags"]


def read(path):
    return list(read_parquet(fs.LocalFileSystem(), str(path), COLUMNS))


def written(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_rows_are_text_by_column_name_with_their_json_as_raw(tmp_path):
    path = written(tmp_path / "a.parquet", value=[1.5, None], user_id=["张", "u2"], more=[1, 2])
    first, second = read(path)
    assert (first.line, first.error, first.values) == (1, None, ["张", None, "1.5", None])
    assert json.loads(first.raw) == {"value": 1.5, "user_id": "张", "more": 1}
    assert (second.line, second.values) == (2, ["u2", None, None, None])


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "values", "text"),
    [
        ("user_id", pa.array([12]), "12"),
        ("user_id", pa.array([12.0]), "12"),  # pandas makes floats of integers as soon as one is missing
        ("user_id", pa.array([float("nan")]), None),
        ("user_id", pa.array([b"u1"]), "u1"),
        ("user_id", pa.array(["u1"]).dictionary_encode(), "u1"),
        ("user_id", pa.array([True]), "true"),
        ("event_at", pa.array([NOON], pa.timestamp("ns", tz="Europe/Paris")), "2026-01-31 12:00:00.000000"),
        ("event_at", pa.array([NOON], pa.timestamp("s")), "2026-01-31 12:00:00.000000"),
        ("event_at", pa.array([date(2026, 1, 31)]), "2026-01-31"),
        ("value", pa.array([Decimal("1.50")]), "1.50"),
        ("tags", pa.array([["a", "b"]]), "a|b"),
    ],
)
def test_types_become_text(tmp_path, column, values, text):
    row = read(written(tmp_path / "a.parquet", **{column: values}))[0]
    assert (row.error, row.values[COLUMNS.index(column)]) == (None, text)


@pytest.mark.parametrize("values", [pa.array([b"\xff"]), pa.array([{"a": 1}])])
def test_a_key_of_an_unexpected_type_rejects_the_row_and_not_the_file(tmp_path, values):
    row = read(written(tmp_path / "a.parquet", user_id=values))[0]
    assert row.error == "user_id: expected one value, got an object"


def test_bytes_that_are_no_text_are_in_the_raw_row(tmp_path):
    row = read(written(tmp_path / "a.parquet", user_id=pa.array([b"\xff"])))[0]
    assert json.loads(row.raw) == {"user_id": {"base64": "/w=="}}


def test_a_truncated_file_is_one_reject(tmp_path):
    path = written(tmp_path / "a.parquet", user_id=["u1"] * 100)
    path.write_bytes(path.read_bytes()[:-10])
    (row,) = read(path)
    assert row.error.startswith("corrupt file: ")
    assert row.line == 1


def test_a_packed_file_is_unpacked(tmp_path):
    path = written(tmp_path / "a.parquet", user_id=["u1"])
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert read(tmp_path / "b.parquet.gz")[0].values[0] == "u1"


def test_rows_are_numbered_over_all_batches(tmp_path):
    rows = read(written(tmp_path / "a.parquet", user_id=[str(k) for k in range(12_000)]))
    assert [row.line for row in rows] == list(range(1, 12_001))
    assert rows[-1].values[0] == "11999"
