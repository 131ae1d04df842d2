"""CSV with a header line: RFC 4180, comma, quotes doubled, line breaks allowed inside quotes.

A stray quote makes a parser swallow everything up to the next one. Here only the line with the quote is rejected: the
lines it took along are read again by themselves.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nightrec.ingest.rows import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG, Row, rejected
from nightrec.ingest.streams import Line


class _Physical(NamedTuple):
    number: int
    content: bytes
    text: str  # bytes that are no UTF-8 are smuggled through as surrogates, so that the quotes still pair up


class _Lines:
    """Physical lines for `csv.reader`, which remember those that the current record took."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._fresh = enumerate(lines, 1)
        self._again: deque[_Physical] = deque()
        self.taken: list[_Physical] = []
        self.broken: Row | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self.taken.append(line)
        if len(line.content) > MAX_LINE_BYTES:
            raise csv.Error(TOO_LONG)
        return line.text

    def _read(self) -> _Physical:
        number, (content, broken) = next(self._fresh)
        if broken:
            self.broken = rejected(number, content, broken)
            raise StopIteration
        return _Physical(number, content, content.decode("utf-8", "surrogateescape") + "\n")

    def keep_first(self) -> None:
        """Give back all taken lines but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def read_csv(lines: Iterable[Line], columns: Sequence[str], required: Sequence[str]) -> Iterator[Row]:
    """Yield one row for each record below the header; its number is that of its first physical line.

    Without a header that names all `required` columns every line is rejected, the first one too.
    """
    source = _Lines(lines)
    header: list[str] | None = None
    fault: str | None = None
    for fields, error in _records(source):
        if not "".join(line.text for line in source.taken).strip():
            continue
        if header is None:
            header = [name.strip() for name in fields]
            missing = [name for name in required if name not in header]
            fault = f"csv: no header with {', '.join(missing)}" if missing else None
            if fault is None:
                continue
        yield _row(source, fields, error or fault, header, columns)
    if source.broken:
        yield source.broken


def _records(source: _Lines) -> Iterator[tuple[list[str], str | None]]:
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(source, strict=True)
    while True:
        source.taken = []
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            source.keep_first()
            yield [], f"csv: {err}"
        else:
            yield fields, None


def _row(source: _Lines, fields: list[str], error: str | None, header: list[str], columns: Sequence[str]) -> Row:
    if error is None and len(fields) != len(header):
        error = f"csv: expected {len(header)} fields, got {len(fields)}"
        source.keep_first()
    raw = b"\n".join(line.content for line in source.taken).removesuffix(b"\r")
    number = source.taken[0].number
    if error is None and len(raw) > MAX_LINE_BYTES:
        error = TOO_LONG
    if error is not None:
        return rejected(number, raw, error)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return rejected(number, raw, NOT_UTF8)
    record = dict(zip(header, fields, strict=True))
    return Row(number, text, "utf-8", None, [record.get(column) for column in columns])
