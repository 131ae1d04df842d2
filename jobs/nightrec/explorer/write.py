"""The page of a night, put in the place of the one before."""

from datetime import date
from pathlib import Path

import pyarrow as pa

from nightrec.explorer.data import page_data
from nightrec.explorer.inputs import read_night
from nightrec.explorer.page import render
from nightrec.lake import Lake


def write_page(lake: Lake, run_date: date, folder: Path, max_users: int, texts: pa.Table | None = None) -> int:
    """Replace `index.html` in a folder in one step and return its size in bytes.

    With `max_users` 0 there is no page, and one of an earlier night is taken away. Rows of `reason_texts` take the
    place of template reasons.

    Raises:
        MissingPartitionError: If a table of the night is not finished; the page before stays.
    """
    page, aside = folder / "index.html", folder / "index.html.writing"
    if max_users == 0:
        page.unlink(missing_ok=True)
        return 0
    html = render(page_data(read_night(lake, run_date, max_users, texts)))
    folder.mkdir(parents=True, exist_ok=True)
    n_bytes = aside.write_bytes(html.encode())
    aside.replace(page)
    return n_bytes
