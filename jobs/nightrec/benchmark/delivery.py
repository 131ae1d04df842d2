"""Deliver the past of a split as a shop would: one delivery with all events and the catalogue."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.benchmark.splits import read, read_past
from nightrec.data_sets import as_event
from nightrec.landing import write_delivery


def deliver(split: Path, landing: Path, event_type: str) -> date:
    """Write events and items below a domain's landing folder and return the date of the delivery.

    Args:
        split: A split folder.
        landing: Folder of the domain.
        event_type: What the events are.

    Returns:
        The day of the last event.
    """
    past = read_past(split)
    day = datetime.fromtimestamp(pc.max(past["at"]).as_py(), UTC).date()
    write_delivery(
        landing / f"run_date={day}",
        events=(as_event(row, event_type) for row in past.to_pylist()),
        items=as_items(read(split, "items"), read(split, "texts"), past),
    )
    return day


def as_items(items: pa.Table, texts: pa.Table, past: pa.Table) -> Iterable[dict[str, Any]]:
    """Return the catalogue as lines of the items feed.

    What users wrote about an item comes with their events. An item whose events are hidden would lose it and gets it as
    its description, which is what a shop that takes in an item knows of it.
    """
    in_past, written = set(past["item_id"].to_pylist()), defaultdict(list)
    for row in texts.to_pylist():
        written[row["item_id"]].append(row["text"])
    for item in items.to_pylist():
        line = {name: value for name, value in item.items() if value}
        is_bare = len(line) == 1 and item["item_id"] not in in_past
        yield line | ({"description": ". ".join(written[item["item_id"]])} if is_bare else {})
