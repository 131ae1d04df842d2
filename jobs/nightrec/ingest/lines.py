"""A delivery's files as a Spark frame of text lines: one task a file, read once."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession

from nightrec.ingest.readers import read_file
from nightrec.ingest.rows import Row

BATCH_ROWS = 10_000
BATCH_BYTES = 8 << 20
ORIGIN = ["file", "line", "raw", "raw_encoding", "error"]


def read_lines(
    spark: SparkSession, folder_uri: str, names: Sequence[str], columns: Sequence[str], required: Sequence[str]
) -> DataFrame:
    """Return all lines of some files.

    Args:
        spark: The session.
        folder_uri: Folder that the names are relative to, in Arrow's spelling.
        names: Files; none give an empty frame.
        columns: Landing columns wanted.
        required: Columns that a CSV header must have.

    Returns:
        `file, line, raw, raw_encoding, error` and the landing columns, all text but `line`; one row a line. Where
        `error` is not null the line could not be split and its columns are null.
    """
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in [*ORIGIN, *columns]])

    # Executed by Spark's Python workers: no settings, contracts or third-party packages there.
    def parse(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        filesystem, folder = fs.FileSystem.from_uri(folder_uri)
        for batch in batches:
            for place in batch.column("id").to_pylist():
                rows = read_file(filesystem, f"{folder}/{names[place]}", columns, required)
                yield from to_batches(names[place], rows, schema)

    places = spark.range(0, len(names), 1, max(len(names), 1))
    ddl = ", ".join(f"{name} {'bigint' if name == 'line' else 'string'}" for name in schema.names)
    return places.mapInArrow(parse, ddl)


def to_batches(file: str, rows: Iterable[Row], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Pack rows into batches, cut by rows and by bytes so that long lines do not pile up in memory."""
    packed: list[Row] = []
    size = 0
    for row in rows:
        packed.append(row)
        size += len(row.raw)
        if len(packed) == BATCH_ROWS or size >= BATCH_BYTES:
            yield _batch(file, packed, schema)
            packed, size = [], 0
    if packed:
        yield _batch(file, packed, schema)


def _batch(file: str, rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    line, raw, raw_encoding, error, values = zip(*rows, strict=True)
    nothing = (None,) * (len(schema) - len(ORIGIN))
    landing = zip(*(row or nothing for row in values), strict=True)
    columns = [[file] * len(rows), line, raw, raw_encoding, error, *landing]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
