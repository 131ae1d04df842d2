"""What a reason rests on, and what workers need to find it; no Spark."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

OWN_WORDS = {"search": "searched", "question": "asked", "review": "wrote"}
"""The kind of evidence that quotes what a user wrote, by type of event; other types with text are `noted`."""
NOTED = "noted"
QUOTING = (*OWN_WORDS.values(), NOTED)
KINDS = ("history", "aspect", "reviewed", *QUOTING, "popular", "ever", "new", "explored", "again", "unmet")
"""Each kind of evidence is also the id of its sentence in `conf/reasons/<language>.ftl`."""
NAMED, BY_REVIEWERS = "-named", "-reviewed"
"""What the id ends in where the item of the history has a title, and where reviewers wrote the word that is shared."""
MESSAGES = (*KINDS, "reviewed" + NAMED, *(kind + BY_REVIEWERS for kind in QUOTING))
NEW_DAYS = 30
"""An item is new for so many days."""
EVER = 0
"""Stands for all time where windows are counted in days."""


class Own(NamedTuple):
    """A text of the user, and the kind of evidence that quotes it."""

    kind: str
    text: str


class Evidence(NamedTuple):
    """The column `evidence` of `topn`; a kind fills the fields that its sentence needs.

    Attributes:
        kind: One of `KINDS`.
        language: Of the sentence, the stem of its file in `conf/reasons/`.
        item_id: Item of the user's history.
        text: Category, tag or word of the listed item, or of its reviewers, that the history item, or its reviewers, or
            the user's words share.
        quote: What the user wrote, as shortened by `words.excerpt`.
        n_users: Users who turned to the item in `days`, or ever, or who wrote the word of it.
        days: Length of the window, or for how long the item has been new.
    """

    kind: str
    language: str
    item_id: str | None = None
    text: str | None = None
    quote: str | None = None
    n_users: int | None = None
    days: int | None = None


OWN_TEXTS = pa.list_(pa.struct([("kind", pa.string()), ("text", pa.string())]))
OWN_COLUMN = "array<struct<kind:string,text:string>>"
"""The texts of a user as workers get them, and the same for Spark."""
TYPES = {"n_users": pa.int64(), "days": pa.int32()}
EVIDENCE = pa.struct([pa.field(name, TYPES.get(name, pa.string())) for name in Evidence._fields])
COLUMNS = (
    "reason string, "
    "evidence struct<kind:string,language:string,item_id:string,text:string,quote:string,n_users:bigint,days:int>"
)
"""The same for Spark; a test compares both with the contract."""


@dataclass(frozen=True)
class ReasonsPlan:
    """What every worker needs to know to give reasons.

    Attributes:
        items: Partition of `items`, relative to the domain's folder.
        index: Partition of `item_index`, likewise.
        aspects: Partition of `item_aspects`, likewise.
        last_day: The run date in days since 1970.
        messages: Fluent source by language. Workers have the package alone, not `conf/`.
        language: `auto` or one of the languages.
        windows: Days of the popular windows, ascending.
        n_users: `(n_items, 1 + windows)` users who turned to each item: ever, then by window.
        min_users: Fewer users than this are not spoken of.
    """

    items: str
    index: str
    aspects: str
    last_day: int
    messages: dict[str, str]
    language: str
    windows: tuple[int, ...]
    n_users: npt.NDArray[np.int64]
    min_users: int
