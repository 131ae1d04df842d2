"""Show what a night published: three users, what they did and what they will be shown, and items like an item."""

from datetime import date
from itertools import islice, zip_longest

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nightrec.lake import Lake, arrow_uri
from nightrec.published import read_pointer
from nightrec.settings import Config

HISTORY, SHOWN = 5, 10
ISOLATES = dict.fromkeys([0x2068, 0x2069])
"""Marks without width around the values of a reason, which terminals count as if they had one."""
NEWEST_FIRST = [("last_at", "descending"), ("item_id", "ascending")]


def print_samples(config: Config, day: date, console: Console | None = None) -> None:
    """Print the lists of a heavy, a middling and a light user, whose keys stay unnamed, and of the item most met.

    Raises:
        MissingPartitionError: If the night published nothing.
    """
    lake = Lake(config.place(config.paths.lake), config.domain)
    pointer = read_pointer(lake, day)
    items = lake.read_arrow("items", day, ["item_id", "title"])
    titles = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
    matrix = lake.read_arrow("interactions", day, ["user_id", "item_id", "last_at"])
    console = console or Console()
    for name, user_id in _three_users(matrix).items():
        history = matrix.filter(pc.equal(matrix["user_id"], user_id)).sort_by(NEWEST_FIRST)
        console.print(_sample(name, history, _rows_of(pointer["topn"], "user_id", user_id), titles))
    item_id = _by_frequency(matrix, "item_id")[0].as_py()
    console.print(_items_like(item_id, _rows_of(pointer["similar_items"], "item_id", item_id), titles))


def _three_users(matrix: pa.Table) -> dict[str, str]:
    ordered = _by_frequency(matrix, "user_id")
    places = {"a heavy user": 0, "a middling user": len(ordered) // 2, "a light user": len(ordered) - 1}
    return {name: ordered[place].as_py() for name, place in places.items()}


def _by_frequency(matrix: pa.Table, key: str) -> pa.ChunkedArray:
    counts = matrix.group_by(key).aggregate([("last_at", "count")])
    return counts.sort_by([("last_at_count", "descending"), (key, "ascending")])[key]


def _rows_of(folder: str, key: str, value: str) -> pa.Table:
    filesystem, path = fs.FileSystem.from_uri(arrow_uri(folder))
    return pq.read_table(path, filesystem=filesystem, filters=[(key, "=", value)]).sort_by("rank")


def _items_like(item_id: str, similar: pa.Table, titles: dict[str, str | None]) -> Table:
    table = _empty_table(f"items like {titles.get(item_id) or item_id}", ["rank", "joined", "behaviour", "text"])
    kinds: dict[str, list[str]] = {kind: [] for kind in ("joined", "behaviour", "text")}
    for row in similar.to_pylist():
        kinds[row["kind"]].append(titles.get(row["similar_item_id"]) or row["similar_item_id"])
    for place, row in enumerate(islice(zip_longest(*kinds.values(), fillvalue=""), SHOWN)):
        table.add_row(str(place + 1), *map(Text, row))
    return table


def _sample(name: str, history: pa.Table, shown: pa.Table, titles: dict[str, str | None]) -> Table:
    newest = [titles.get(item) or item for item in history["item_id"].slice(0, HISTORY).to_pylist()]
    title = f"{name}: {history.num_rows} items so far, newest: {'; '.join(newest)}"
    table = _empty_table(title, ["rank", "item", "score", "source", "reason"])
    for row in shown.slice(0, SHOWN).to_pylist():
        title = titles.get(row["item_id"]) or row["item_id"]
        table.add_row(
            str(row["rank"]), Text(title), f"{row['score']:.3f}", row["source"], Text(row["reason"].translate(ISOLATES))
        )
    return table


def _empty_table(title: str, headings: list[str]) -> Table:
    """Titles and reasons are plain text, so none is read as markup, and what has no spaces is broken, not cut."""
    table = Table(title=Text(title), title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in ("rank", "score") else "left", overflow="fold")
    return table
