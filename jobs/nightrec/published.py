"""The published lists: immutable folders, and small pointer files that are replaced in one step.

    <lake>/<domain>/published/latest.json                          the newest published night
    <lake>/<domain>/published/run_date=D.json                      the published lists of night D
    <lake>/<domain>/published/run_date=D/<version>/<table>.v1/*.parquet, one folder for each of TABLES

A reader opens a pointer once and reads the folders that it names: the old night or the new one, never a mixture.
"""

import json
import re
from datetime import date
from typing import Any

from pyarrow import fs

from nightrec.errors import MissingPartitionError
from nightrec.lake import Lake

FOLDER = "published"
TABLES = ("topn", "fallback", "similar_items", "popular_items", "query_results")


def published_dates(lake: Lake) -> list[date]:
    """Return the nights that have published lists, oldest first."""
    found = lake.fs.get_file_info(fs.FileSelector(lake.path(FOLDER), allow_not_found=True))
    return sorted(
        date.fromisoformat(m[1]) for f in found if (m := re.fullmatch(r"run_date=([\d-]{10})\.json", f.base_name))
    )


def read_pointer(lake: Lake, run_date: date | None = None) -> dict[str, Any]:
    """Return what a night published: `run_date`, `run_id`, `version`, and a path for each of `TABLES`.

    Args:
        lake: Tables of one domain.
        run_date: The night; None for the newest.

    Raises:
        MissingPartitionError: If nothing was published.
    """
    name = f"run_date={run_date}" if run_date else "latest"
    path = lake.path(f"{FOLDER}/{name}.json")
    if lake.fs.get_file_info(path).type == fs.FileType.NotFound:
        raise MissingPartitionError(f"nothing published at {path}; run a night first: make night DOMAIN={lake.domain}")
    with lake.fs.open_input_stream(path) as file:
        return dict(json.loads(file.read()))


def write_pointer(lake: Lake, name: str, content: dict[str, Any]) -> None:
    """Replace a pointer in one step."""
    path = lake.path(f"{FOLDER}/{name}.json")
    with lake.fs.open_output_stream(f"{path}.writing") as file:
        file.write(json.dumps(content, indent=2).encode())
    lake.fs.move(f"{path}.writing", path)
