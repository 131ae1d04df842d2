"""Each text format: what becomes a row, what becomes a reject, and that the raw line is kept exactly."""

from base64 import b64encode

import pytest
from pyarrow import fs

from nightrec.ingest.csv_reader import read_csv
from nightrec.ingest.json_reader import read_json_lines
from nightrec.ingest.readers import file_format, read_file
from nightrec.ingest.rows import MAX_LINE_BYTES, Row
from nightrec.ingest.streams import split_lines

COLUMNS = ["user_id", "value", "tags"]


def from_json(text: bytes):
    return list(read_json_lines(split_lines(iter([text])), COLUMNS))


def from_csv(text: bytes, required=("user_id",)):
    return list(read_csv(split_lines(iter([text])), COLUMNS, required))


def reasons(rows):
    return [row.error for row in rows]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.jsonl", "json"), ("a.json.gz", "json"), ("a.NDJSON.zst", "json"), ("a.csv.gzip", "csv"),
     ("a.gz.parquet", "parquet"), ("a.parquet.gz", "parquet"), ("a.txt", None), ("a.gz", None), ("jsonl", None)],
)  # fmt: skip
def test_file_format_goes_by_the_end_of_the_name(name, kind):
    assert file_format(name) == kind


def test_json_row_keeps_number_raw_and_columns_as_logged():
    line = '{"user_id": "o\'b \\"x\\"\\n😀 张三", "value": 4.50, "other": 1}'
    assert from_json(f"\n  \n{line}\r\n".encode()) == [
        Row(3, line, "utf-8", None, ['o\'b "x"\n😀 张三', "4.50", None])  # blank lines count as places, not as lines
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [("12", "12"), ("12.0", "12"), ('"12.0"', "12.0"), ("1" * 5000, "1" * 5000), ("true", "true"), ("null", None),
     ('""', ""), ("-0.10", "-0.10")],
)  # fmt: skip
def test_json_scalars_become_their_text(value, text):
    assert from_json(f'{{"user_id": {value}}}'.encode())[0].values == [text, None, None]


def test_json_lists_are_joined_where_lists_belong():
    assert from_json(b'{"tags": ["a", 2, null, "c"]}')[0].values == [None, None, "a|2|c"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"user_id": ', "not JSON: Expecting value"),
        (b'{"value": NaN}', "not JSON: NaN"),
        (b'{"value": -Infinity}', "not JSON: -Infinity"),
        (b"[1, 2]", "expected a JSON object, got an array"),
        (b'"u1"', "expected a JSON object, got a text"),
        (b'{"user_id": {"a": 1}}', "user_id: expected one value, got an object"),
        (b'{"user_id": ["a"]}', "user_id: expected one value, got an array"),
        (b'{"tags": [["a"]]}', "tags[]: expected one value, got an array"),
        (b'{"user_id": "\\ud83d"}', "half a surrogate pair"),
        (b"[" * 100_000, "not JSON: nested too deeply"),
        (b'{"user_id": "' + b"x" * MAX_LINE_BYTES + b'"}', "longer than 1048576 bytes"),
    ],
)
def test_json_line_that_is_no_record_is_kept_whole_with_a_reason(line, reason):
    assert from_json(line) == [Row(1, line.decode(), "utf-8", reason, ())]


def test_json_line_that_is_no_utf8_is_kept_as_base64():
    line = b'{"user_id": "\xff"}'
    assert from_json(line + b"\n{}\n") == [
        Row(1, b64encode(line).decode(), "base64", "not UTF-8 text", ()),
        Row(2, "{}", "utf-8", None, [None, None, None]),
    ]


def test_csv_takes_columns_by_name_and_quoted_line_breaks():
    got = from_csv('\ufeffvalue,user_id,more\r\n5,"a ""b"", c\nd",x\r\n\r\n,张三,\r\n'.encode())
    assert got == [
        Row(2, '5,"a ""b"", c\nd",x', "utf-8", None, ['a "b", c\nd', "5", None]),
        Row(5, ",张三,", "utf-8", None, ["张三", "", None]),
    ]


def test_csv_fields_too_few_or_too_many_are_rejected():
    got = from_csv(b"user_id,value\nu1\nu2,2\nu3,3,3\n")
    assert reasons(got) == ["csv: expected 2 fields, got 1", None, "csv: expected 2 fields, got 3"]
    assert got[2].raw == "u3,3,3"


def test_csv_stray_quote_costs_its_own_line_only():
    got = from_csv(b'user_id,value\nu1,"5\nu2,2\nu3,3\n')  # the quote would swallow the rest of the file
    assert [(row.line, row.raw) for row in got] == [(2, 'u1,"5'), (3, "u2,2"), (4, "u3,3")]
    assert reasons(got) == ["csv: unexpected end of data", None, None]


def test_csv_two_stray_quotes_do_not_hide_the_lines_between():
    got = from_csv(b'user_id,value\nu1,"5\nu2,2\nu3,"3\nu4,4\n')
    assert [row.values[0] for row in got if row.error is None] == ["u2", "u4"]
    assert [row.line for row in got if row.error] == [2, 4]


def test_csv_line_that_is_no_utf8_is_kept_as_base64():
    got = from_csv(b"user_id,value\nu\xff,1\nu2,2\n")
    assert got[0] == Row(2, b64encode(b"u\xff,1").decode(), "base64", "not UTF-8 text", ())
    assert got[1].error is None


def test_csv_without_header_loses_no_line():
    got = from_csv(b"u1,5\nu2,6\n", required=("user_id", "value"))
    assert [(row.line, row.raw, row.error) for row in got] == [
        (1, "u1,5", "csv: no header with user_id, value"),
        (2, "u2,6", "csv: no header with user_id, value"),
    ]


def test_csv_long_line_is_rejected_whole():
    long = b"x" * (MAX_LINE_BYTES + 1)
    got = from_csv(b"user_id\n" + long + b"\nu2\n")
    assert (got[0].raw, got[0].error) == (long.decode(), "csv: longer than 1048576 bytes")
    assert got[1].values[0] == "u2"


@pytest.mark.parametrize(("name", "head"), [("a.jsonl", b""), ("a.csv", b"user_id\n")])
def test_truncated_text_ends_in_one_reject_with_the_fragment(tmp_path, name, head, monkeypatch):
    monkeypatch.setattr(
        "nightrec.ingest.readers.split_lines",
        lambda chunks: iter([(line, None) for line in head.splitlines()] + [(b'{"us', "truncated file: x")]),
    )
    got = list(read_file(fs.LocalFileSystem(), str(tmp_path / name), COLUMNS, ["user_id"]))
    assert got == [Row(len(head.splitlines()) + 1, '{"us', "utf-8", "truncated file: x", ())]
