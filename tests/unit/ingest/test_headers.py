"""Columns that a delivery has and nobody reads are seen at the start of its files, and said."""

import gzip
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightrec.ingest.headers import delivered_columns
from nightrec.ingest.notices import say_ignored_columns, warn_of_empty_column

JSON = b'{"item_id": "i1", "name": "a"}\nbroken\n[1]\n{"item_id": "i2", "price": 2}\n'


@pytest.mark.parametrize(
    ("name", "content", "seen"),
    [
        ("a.jsonl", JSON, {"item_id", "name", "price"}),
        ("a.jsonl", b"[" * 100_000, set()),
        ("a.jsonl.gz", gzip.compress(JSON), {"item_id", "name", "price"}),
        ("a.jsonl.gz", b"no gzip", set()),
        ("a.csv", b'\xef\xbb\xbf\n item_id,"na,me"\r\ni1,a\n', {"item_id", "na,me"}),
        ("a.csv", b"i1,joe@example.com\n", set()),  # no header: nothing of the data may come into the log
        ("a.csv", b"item_id,\xff\n", set()),
        ("a.csv", b"", set()),
        ("a.parquet", b"no parquet", set()),
    ],
)
def test_columns_are_seen_at_the_start_of_a_file(tmp_path, name, content, seen):
    (tmp_path / name).write_bytes(content)
    assert delivered_columns(str(tmp_path), [name], ["item_id"]) == seen


def test_columns_are_those_of_the_first_file_of_each_format(tmp_path):
    pq.write_table(pa.table({"item_id": ["i1"], "label": ["a"]}), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_bytes(JSON)
    (tmp_path / "c.jsonl").write_bytes(b'{"item_id": "i3", "later": 1}')
    got = delivered_columns(str(tmp_path), ["a.parquet", "b.jsonl", "c.jsonl"], ["item_id"])
    assert got == {"item_id", "label", "name", "price"}
    assert delivered_columns(str(tmp_path), [], ["item_id"]) == set()


def test_ignored_columns_are_named_once_and_known_ones_are_not(caplog):
    caplog.set_level(logging.INFO)
    say_ignored_columns("items", {"item_id", "na\nme", "label"}, ["item_id", "title"])
    say_ignored_columns("items", {"item_id"}, ["item_id", "title"])
    assert caplog.messages == ["items: 2 ignored column(s): 'label', 'na\\nme'; read are item_id, title"]


def test_column_that_is_empty_throughout_is_warned_of(caplog):
    warn_of_empty_column("events", "value", 0, 0)
    warn_of_empty_column("events", "value", 3, 1)
    assert caplog.messages == []
    warn_of_empty_column("events", "value", 3, 0)
    assert caplog.messages[0].startswith("events: value is empty in all 3 accepted rows that should have it")
