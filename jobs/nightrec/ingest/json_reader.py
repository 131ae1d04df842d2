"""JSON lines: one object a line, UTF-8, strict (no NaN)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from nightrec.ingest.rows import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG, LineError, Row, kind_of, rejected, texts, whole
from nightrec.ingest.streams import Line


def read_json_lines(lines: Iterable[Line], columns: Sequence[str]) -> Iterator[Row]:
    """Yield one row for each line that is not blank; a usable line is one JSON object."""
    for number, (line, broken) in enumerate(lines, 1):
        if broken:
            yield rejected(number, line, broken)
        elif line and not line.isspace():
            yield _json_row(number, line.removesuffix(b"\r"), columns)


def _json_row(number: int, line: bytes, columns: Sequence[str]) -> Row:
    if len(line) > MAX_LINE_BYTES:
        return rejected(number, line, TOO_LONG)
    try:
        text = line.decode()
        values = texts(_parse_json(text), columns)
        if "\\u" in text:  # only an escape can smuggle in half a character, which no UTF-8 writer takes
            "".join(value for value in values if value).encode()
    except UnicodeDecodeError:
        return rejected(number, line, NOT_UTF8)
    except UnicodeEncodeError:
        return rejected(number, line, "half a surrogate pair")
    except LineError as err:
        return rejected(number, line, str(err))
    return Row(number, text, "utf-8", None, values)


def _parse_json(text: str) -> dict[str, Any]:
    try:
        record = _DECODER.decode(text)
    except json.JSONDecodeError as err:
        raise LineError(f"not JSON: {err.msg}") from None
    except RecursionError:
        raise LineError("not JSON: nested too deeply") from None
    if not isinstance(record, dict):
        raise LineError(f"expected a JSON object, got {kind_of(record)}")
    return record


def _refuse(constant: str) -> NoReturn:
    raise LineError(f"not JSON: {constant}")


# Numbers stay text: a key of 30 digits or a price of 0.10 must come out as it was logged.
_DECODER = json.JSONDecoder(parse_float=whole, parse_int=str, parse_constant=_refuse)
