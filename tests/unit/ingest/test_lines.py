"""Files as frames: batches are cut by rows and bytes, and Spark's workers find the code."""

import pyarrow as pa

from nightrec.ingest import lines
from nightrec.ingest.lines import ORIGIN, read_lines, to_batches
from nightrec.ingest.rows import Row

SCHEMA = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in [*ORIGIN, "user_id"]])


def test_to_batches_cuts_by_rows_and_bytes(monkeypatch):
    monkeypatch.setattr(lines, "BATCH_ROWS", 3)
    monkeypatch.setattr(lines, "BATCH_BYTES", 100)
    rows = [Row(k, "x" * size, "utf-8", None, ["u"]) for k, size in enumerate([1, 1, 1, 1, 200, 1])]
    assert [batch.num_rows for batch in to_batches("f", rows, SCHEMA)] == [3, 2, 1]


def test_to_batches_gives_rejected_rows_empty_columns():
    rows = [Row(1, "a", "utf-8", None, ["u"]), Row(2, "b", "utf-8", "bad", ())]
    (batch,) = to_batches("f", rows, SCHEMA)
    assert batch.column("user_id").to_pylist() == ["u", None]
    assert batch.column("error").to_pylist() == [None, "bad"]


def test_read_lines_reads_every_file(spark, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"user_id": "u1"}\n{"user_id": "u2"}\nx\n')
    (tmp_path / "b.csv").write_text("user_id\nu3\n")

    read = read_lines(spark, str(tmp_path), ["a.jsonl", "b.csv"], ["user_id"], ["user_id"])

    got = sorted((row.file, row.line, row.user_id, row.error) for row in read.collect())
    assert got == [
        ("a.jsonl", 1, "u1", None),
        ("a.jsonl", 2, "u2", None),
        ("a.jsonl", 3, None, "not JSON: Expecting value"),
        ("b.csv", 2, "u3", None),
    ]
    assert read_lines(spark, str(tmp_path), [], ["user_id"], []).count() == 0
