"""Which columns a feed has, from the start of its first file of each format: a look, no pass over the data."""

import codecs
import csv
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from nightrec.ingest.readers import file_format
from nightrec.ingest.streams import BrokenStreamError, Source, read_chunks


def delivered_columns(folder_uri: str, names: Sequence[str], required: Sequence[str]) -> set[str]:
    """Return the columns seen.

    Args:
        folder_uri: Folder that the names are relative to, in Arrow's spelling.
        names: Files, in order.
        required: A file without these has no columns: what looks like a header of CSV may be a line of data.
    """
    filesystem, folder = fs.FileSystem.from_uri(folder_uri)
    first = {file_format(name): f"{folder}/{name}" for name in reversed(names)}
    seen = [_columns(filesystem, path, kind or "") for kind, path in first.items()]
    return {column for columns in seen if columns.issuperset(required) for column in columns}


def _columns(filesystem: fs.FileSystem, path: str, kind: str) -> set[str]:
    try:
        if kind == "parquet":
            with Source(filesystem, path) as source:
                return set(pq.read_schema(source).names)
        lines = next(iter(read_chunks(filesystem, path)), b"").removeprefix(codecs.BOM_UTF8).splitlines()
        if kind == "csv":
            header = next((line for line in lines if line.strip()), b"")
            return {name.strip() for fields in csv.reader([header.decode()]) for name in fields}
    except (BrokenStreamError, pa.ArrowException, OSError, csv.Error, UnicodeDecodeError):
        return set()  # whoever reads the lines says what is wrong with them
    return {name for line in lines for name in _keys(line)}


def _keys(line: bytes) -> set[str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return set()
    return set(record) if isinstance(record, dict) else set()
