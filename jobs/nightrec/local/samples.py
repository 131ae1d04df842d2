"""Show what a night published: three users, what they did and what they will be shown."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs
from rich.console import Console
from rich.table import Table

from nightrec.lake import Lake, arrow_uri
from nightrec.published import read_pointer
from nightrec.settings import Config

HISTORY, SHOWN = 5, 10
NEWEST_FIRST = [("last_at", "descending"), ("item_id", "ascending")]


def print_samples(config: Config, console: Console | None = None) -> None:
    """Print the history and the list of a heavy, a middling and a light user; their keys stay unnamed.

    Raises:
        MissingPartitionError: If nothing was published yet.
    """
    lake = Lake(config.place(config.paths.lake), config.domain)
    pointer = read_pointer(lake)
    day = date.fromisoformat(pointer["run_date"])
    items = lake.read_arrow("items", day, ["item_id", "title"])
    titles = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
    matrix = lake.read_arrow("interactions", day, ["user_id", "item_id", "last_at"])
    for name, user_id in _three_users(matrix).items():
        history = matrix.filter(pc.equal(matrix["user_id"], user_id)).sort_by(NEWEST_FIRST)
        (console or Console()).print(_sample(name, history, _list_of(pointer["topn"], user_id), titles))


def _three_users(matrix: pa.Table) -> dict[str, str]:
    counts = matrix.group_by("user_id").aggregate([("item_id", "count")])
    ordered = counts.sort_by([("item_id_count", "descending"), ("user_id", "ascending")])["user_id"]
    places = {"a heavy user": 0, "a middling user": len(ordered) // 2, "a light user": len(ordered) - 1}
    return {name: ordered[place].as_py() for name, place in places.items()}


def _list_of(folder: str, user_id: str) -> pa.Table:
    filesystem, path = fs.FileSystem.from_uri(arrow_uri(folder))
    columns = ["rank", "item_id", "score", "source", "user_id"]
    return pq.read_table(path, columns=columns, filesystem=filesystem, filters=[("user_id", "=", user_id)]).sort_by(
        "rank"
    )


def _sample(name: str, history: pa.Table, shown: pa.Table, titles: dict[str, str | None]) -> Table:
    newest = [titles.get(item) or item for item in history["item_id"].slice(0, HISTORY).to_pylist()]
    table = Table(title=f"{name}: {history.num_rows} items so far, newest: {'; '.join(newest)}", title_justify="left")
    for heading in ("rank", "item", "score", "source"):
        table.add_column(heading, justify="right" if heading in ("rank", "score") else "left")
    for row in shown.slice(0, SHOWN).to_pylist():
        title = titles.get(row["item_id"]) or row["item_id"]
        table.add_row(str(row["rank"]), title, f"{row['score']:.3f}", row["source"])
    return table
