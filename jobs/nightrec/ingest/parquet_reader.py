"""Parquet rows as text. A row's raw form is its JSON; its line is its place in the file, from 1."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from nightrec.ingest.rows import MAX_LINE_BYTES, TOO_LONG, LineError, Row, rejected, texts
from nightrec.ingest.streams import BrokenStreamError, Source, read_chunks

BATCH_ROWS = 5000


def read_parquet(filesystem: fs.FileSystem, path: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield one row for each row; a file that cannot be read on ends in one rejected row without content."""
    number = 0
    try:
        # A compressed Parquet file (rare) has no random access, so it is unpacked in memory.
        packed = not path.lower().endswith(".parquet")
        source = pa.BufferReader(b"".join(read_chunks(filesystem, path))) if packed else Source(filesystem, path)
        with pq.ParquetFile(source) as file:
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                for record in _records(batch):
                    number += 1
                    yield _row(number, record, columns)
    except BrokenStreamError as err:
        yield rejected(number + 1, b"", str(err))
    except (pa.ArrowException, OSError) as err:  # a failing disk raises StorageError, see `Source`
        yield rejected(number + 1, b"", f"corrupt file: {str(err).splitlines()[0]}")


def _row(number: int, record: dict[str, Any], columns: Sequence[str]) -> Row:
    raw = json.dumps(record, ensure_ascii=False, default=str)
    if len(raw) > MAX_LINE_BYTES:
        return rejected(number, raw.encode(), TOO_LONG)
    try:
        return Row(number, raw, "utf-8", None, texts(record, columns))
    except LineError as err:
        return rejected(number, raw.encode(), str(err))


def _records(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    names = batch.schema.names
    for values in zip(*(_plain(column) for column in batch.columns), strict=True):
        yield dict(zip(names, values, strict=True))


def _plain(column: pa.Array) -> list[Any]:
    """Return a column as values that JSON has; a type that it has not becomes text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):  # the zone goes, the moment stays: what has no offset is read as UTC
        return list(column.cast(pa.timestamp("us"), safe=False).cast(pa.string()).to_pylist())
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return list(column.cast(pa.string()).to_pylist())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return [_decoded(value) for value in column.cast(pa.large_binary()).to_pylist()]
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):  # a nested date beyond the year 9999, say
        return [{"unreadable": str(kind)}] * len(column)


def _decoded(value: bytes | None) -> str | dict[str, str] | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value or b"").decode()}  # an object is no key: the row is rejected with its bytes
