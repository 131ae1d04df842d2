"""Which template sentences of a night a model may rewrite, and which it has rewritten before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds

from nightrec.lake import Lake
from nightrec.schemas import contract
from nightrec.writer.checks import settle
from nightrec.writer.guide import Guide

KEPT_DAYS = 30
"""Sentences that no list has said for longer are forgotten."""
SAID = ("language", "kind", "template")
REASON = ds.field("reason")


class Wish(NamedTuple):
    """A template sentence that tonight's lists say."""

    reason_hash: str
    language: str
    kind: str
    template: str


Row = dict[str, Any]
"""A row of `reason_texts`."""


def wishes(lake: Lake, run_date: date, guides: Mapping[str, Guide], version: str) -> list[Wish]:
    """Return the distinct sentences that may be rewritten, those of most list rows first.

    Rows stream past, so memory follows the number of sentences.

    Raises:
        MissingPartitionError: If `topn` is not finished.
    """
    lake.require("topn", run_date)
    said = {"language": ds.field("evidence", "language"), "kind": ds.field("evidence", "kind"), "template": REASON}
    source = ds.dataset(lake.folder("topn", run_date), contract("topn").arrow(), format="parquet", filesystem=lake.fs)
    counted = pa.concat_tables(_count(batch) for batch in source.to_batches(columns=said))
    summed = counted.group_by(list(SAID)).aggregate([("n_rows", "sum")])
    order = [("n_rows_sum", "descending"), *((name, "ascending") for name in SAID)]
    rows = summed.sort_by(order).to_pylist()
    return [
        Wish(reason_hash(version, row["language"], row["template"]), *(row[name] for name in SAID))
        for row in rows
        if row["language"] in guides and row["kind"] in guides[row["language"]].examples
    ]


def reason_hash(version: str, language: str, template: str) -> str:
    """Return the key of a sentence in `reason_texts`."""
    return hashlib.sha256(json.dumps([version, language, template]).encode()).hexdigest()


def known_rows(rows: Iterable[Row], version: str, run_date: date, guides: Mapping[str, Guide]) -> dict[str, Row]:
    """Return what an earlier night wrote with the same model, by key, as far as tonight's checks accept it.

    Args:
        rows: Of `reason_texts`.
        version: The writer of tonight.
        run_date: Tonight.
        guides: By language.
    """
    oldest = run_date - timedelta(days=KEPT_DAYS)
    same = (row for row in rows if row["writer_version"] == version and row["listed_date"] >= oldest)
    return {row["reason_hash"]: _checked_again(row, guides) for row in same}


def new_row(wish: Wish, version: str, text: str, n_tokens: int, guides: Mapping[str, Guide]) -> Row:
    """Return what becomes of a sentence that the model wrote, all columns of `reason_texts` but `listed_date`."""
    settled = settle(text, wish.template, wish.kind, guides[wish.language], guides)
    return wish._asdict() | settled._asdict() | {"writer_version": version, "n_tokens": n_tokens}


def _count(batch: pa.RecordBatch) -> pa.Table:
    counted = pa.Table.from_batches([batch]).group_by(list(SAID)).aggregate([([], "count_all")])
    return counted.rename_columns([*SAID, "n_rows"])


def _checked_again(row: Row, guides: Mapping[str, Guide]) -> Row:
    """Hold a sentence against the checks of today, which may be stricter than when it was written."""
    if row["sentence"] is None:
        return row
    guide = guides[row["language"]]
    return row | settle(row["sentence"], row["template"], row["kind"], guide, guides)._asdict()
