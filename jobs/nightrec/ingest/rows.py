"""One line of a delivery as text, and the rules that all formats share.

It runs on Spark's Python workers, so it needs the standard library alone.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

LIST_COLUMNS = frozenset({"categories", "tags"})
# The longest honest line is a review or a description. Longer ones are kept, but as rejects: a text of many megabytes
# would travel through every later stage.
MAX_LINE_BYTES = 1 << 20
NOT_UTF8 = "not UTF-8 text"
TOO_LONG = f"longer than {MAX_LINE_BYTES} bytes"


class Row(NamedTuple):
    """One line. `values` holds the text of each landing column; empty where `error` is not null."""

    line: int
    raw: str
    raw_encoding: str
    error: str | None
    values: Sequence[str | None]


class LineError(ValueError):
    """A line cannot be split into columns; the message is the reason kept in `rejects`."""


def rejected(number: int, raw: bytes, reason: str) -> Row:
    """Return the row of an unusable line, its bytes kept exactly: as text where they are text, else as base64."""
    try:
        return Row(number, raw.decode(), "utf-8", reason, ())
    except UnicodeDecodeError:
        return Row(number, b64encode(raw).decode(), "base64", reason, ())


def texts(record: Mapping[str, Any], columns: Sequence[str]) -> list[str | None]:
    """Return the wanted columns of a record as text.

    Numbers become their text as logged, whole ones without `.0`, so that 12 and 12.0 are one key. Lists of categories
    and tags are joined with a bar.

    Raises:
        LineError: If a column holds an object, or a list where one value belongs.
    """
    return [
        value if value is None or type(value) is str else _text(column, value)
        for column, value in ((column, record.get(column)) for column in columns)
    ]


def _text(column: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value != value:  # Parquet files made by pandas say NaN for null
        return None
    if isinstance(value, int | float):
        return whole(repr(value))
    if isinstance(value, list) and column in LIST_COLUMNS:
        return "|".join(text for text in (_text(f"{column}[]", part) for part in value) if text)
    raise LineError(f"{column}: expected one value, got {kind_of(value)}")


def kind_of(value: object) -> str:
    """Return what JSON calls a value, for a message."""
    return {"dict": "an object", "list": "an array", "str": "a text"}.get(type(value).__name__, "a bare value")


def whole(number: str) -> str:
    """Return the text of a number, `12` for `12.0`."""
    return number.removesuffix(".0")
