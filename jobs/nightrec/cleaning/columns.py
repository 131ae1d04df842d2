"""Cleaning as Spark columns: one pass through Python for all texts of a frame, which passes over rows without text."""

from base64 import b64decode, b64encode
from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import arrow_udf

from nightrec.cleaning.masking import mask_bytes, mask_line
from nightrec.cleaning.words import Cleaned, Rules, clean

CLEANED = pa.struct(
    [
        ("text", pa.string()),
        ("language", pa.string()),
        ("n_emails", pa.int32()),
        ("n_phones", pa.int32()),
        ("n_cards", pa.int32()),
        ("n_cut", pa.int32()),
    ]
)
DDL = "text string, language string, n_emails int, n_phones int, n_cards int, n_cut int"
COUNTS = ("n_masked_emails", "n_masked_phones", "n_masked_cards", "n_cut_texts")


def clean_texts(lines: DataFrame, names: list[str], rules: Rules) -> DataFrame:
    """Clean text columns.

    Args:
        lines: Rows with the named columns.
        names: Text columns.
        rules: How.

    Returns:
        `lines` with these columns cleaned, `<name>_language` of each, and `COUNTS` of what was masked and cut in a row.
    """
    done = lines.withColumns({f"{name}_cleaned": _cleaned(rules)(F.col(name)) for name in names})
    parts = [F.col(f"{name}_cleaned") for name in names]
    did = ("n_emails", "n_phones", "n_cards", "n_cut")
    counts = {name: _sum([part[one] for part in parts]) for name, one in zip(COUNTS, did, strict=True)}
    texts = {name: part["text"] for name, part in zip(names, parts, strict=True)}
    languages = {f"{name}_language": part["language"] for name, part in zip(names, parts, strict=True)}
    return done.withColumns(texts | languages | counts).drop(*(f"{name}_cleaned" for name in names))


def mask_lines(rules: Rules) -> Callable[..., Column]:
    """Return the masking of delivered lines as a function of the columns `raw, raw_encoding`; null stays null."""

    def mask(raw: str | None, encoding: str) -> str | None:
        if raw is None:
            return None
        if encoding == "base64":
            return b64encode(mask_bytes(b64decode(raw), rules.phone_regions)).decode()
        return mask_line(raw, rules.phone_regions)

    def masked(lines: pa.Array, encodings: pa.Array) -> pa.Array:
        return pa.array(map(mask, lines.to_pylist(), encodings.to_pylist()), pa.string())

    return _udf(masked, "string")


def _cleaned(rules: Rules) -> Callable[..., Column]:
    nothing = Cleaned(None, None, 0, 0, 0, 0)

    def cleaned(texts: pa.Array) -> pa.Array:
        rows = [nothing if text is None else clean(text, rules) for text in texts.to_pylist()]
        columns = zip(*rows, strict=True) if rows else [()] * len(CLEANED)
        return pa.StructArray.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, CLEANED, strict=True)], fields=list(CLEANED)
        )

    return _udf(cleaned, DDL)


def _udf(function: Callable[..., pa.Array], kind: str) -> Callable[..., Column]:
    made: Callable[..., Column] = arrow_udf(function, kind)  # type: ignore[call-overload]  # its stubs ask for more
    return made


def _sum(columns: list[Column]) -> Column:
    return sum(columns[1:], columns[0])
