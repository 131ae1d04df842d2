"""Write a delivery as a shop would: one folder a feed, JSON lines, gzip."""

import gzip
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_delivery(folder: Path, **feeds: Iterable[Mapping[str, Any]]) -> None:
    """Write the feeds that have rows, aside first, so that a delivery is there whole or not at all.

    The same rows give the same bytes.

    Args:
        folder: `<landing>/<domain>/run_date=YYYY-MM-DD`; it must not be there.
        feeds: Rows by name of the feed.
    """
    aside = folder.with_name(f"_{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for feed, rows in feeds.items():
        lines = "".join(encode(row) + "\n" for row in rows)
        if lines:
            (aside / feed).mkdir()
            (aside / feed / f"{feed}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), compresslevel=6, mtime=0))
    aside.rename(folder)
