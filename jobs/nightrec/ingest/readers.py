"""Read one delivered file, whatever its format, into lines of text.

Runs on Spark's Python workers, so it needs pyarrow and the standard library alone. Nothing is typed here: every column
is text or null. A line that cannot be split comes with an error instead; no line is left out but blank ones.
"""

from collections.abc import Iterator, Sequence

from pyarrow import fs

from nightrec.ingest.csv_reader import read_csv
from nightrec.ingest.json_reader import read_json_lines
from nightrec.ingest.parquet_reader import read_parquet
from nightrec.ingest.rows import Row
from nightrec.ingest.streams import CODECS, read_chunks, split_lines

FORMATS = {".jsonl": "json", ".json": "json", ".ndjson": "json", ".csv": "csv", ".parquet": "parquet"}


def file_format(name: str) -> str | None:
    """Return `json`, `csv` or `parquet` by the end of a file's name, null where it is none of them.

    >>> file_format("a/part-0.JSONL.gz"), file_format("notes.txt")
    ('json', None)
    """
    plain = name.lower()
    for end in CODECS:
        plain = plain.removesuffix(end)
    return next((kind for end, kind in FORMATS.items() if plain.endswith(end)), None)


def read_file(
    filesystem: fs.FileSystem, path: str, columns: Sequence[str], required: Sequence[str] = ()
) -> Iterator[Row]:
    """Yield every line of one file.

    Args:
        filesystem: Where the file is.
        path: Its path there; the end of its name says format and compression.
        columns: Landing columns wanted, in order; further columns are left out.
        required: Columns that a CSV header must have to be taken for one.

    Raises:
        StorageError: If the filesystem fails.
    """
    kind = file_format(path)
    if kind == "parquet":
        return read_parquet(filesystem, path, columns)
    lines = split_lines(read_chunks(filesystem, path))
    return read_csv(lines, columns, required) if kind == "csv" else read_json_lines(lines, columns)
