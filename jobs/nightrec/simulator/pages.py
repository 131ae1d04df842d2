"""The page that the shop shows on a day: the lists that were published before it."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

from nightrec.lake import Lake, arrow_uri
from nightrec.published import published_dates, read_pointer
from nightrec.simulator.choices import NOTHING
from nightrec.simulator.days import Page
from nightrec.simulator.population import Ints
from nightrec.simulator.world import World


def published_page(lake: Lake, world: World, shown_on: date) -> Page | None:
    """Return the newest lists that were published before a date, or None if there are none.

    Users without a list of their own see the fallback.

    Args:
        lake: Tables of the simulated domain.
        world: The shop.
        shown_on: The date.
    """
    before = [night for night in published_dates(lake) if night < shown_on]
    if not before:
        return None
    pointer = read_pointer(lake, max(before))
    lists, fallback = (_first_places(pointer[name], world.shop.page) for name in ("topn", "fallback"))
    items = np.full((world.shop.users, world.shop.page), NOTHING)
    items[:, _places(fallback)] = _numbers(fallback, "item_id")
    users = _numbers(lists, "user_id")
    items[users] = NOTHING
    items[users, _places(lists)] = _numbers(lists, "item_id")
    return Page(items, pointer["run_id"])


def _first_places(folder: str, page: int) -> pa.Table:
    filesystem, path = fs.FileSystem.from_uri(arrow_uri(folder))
    return pq.read_table(path, filesystem=filesystem, filters=[("rank", "<=", page)])


def _places(lists: pa.Table) -> Ints:
    return np.asarray(lists["rank"]).astype(np.int64) - 1


def _numbers(lists: pa.Table, key: str) -> Ints:
    # Keys are a letter and the place of the user or item in its world.
    return np.asarray(pc.utf8_slice_codeunits(lists[key], 1).cast(pa.int64()))
