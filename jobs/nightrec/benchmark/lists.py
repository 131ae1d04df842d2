"""Lists as files: what a competitor leaves behind, `user_id, item_id, rank`; NumPy, SciPy and Arrow only."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import scipy.sparse as sp

from nightrec.ranker.candidates import NOBODY, hide_seen

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LENGTH = 20
"""Items a list, as many as are measured."""


def top_items(scores: Floats, seen: sp.csr_matrix, may_list: npt.NDArray[np.bool_]) -> Ints:
    """Pick the best items of each user, equal ones by item_idx.

    Args:
        scores: `(B, n_items)`.
        seen: `(B, n_items)` entries at items not to be listed.
        may_list: `(n_items,)` which items can be listed at all.

    Returns:
        `(B, LENGTH)` item_idx, best first, -1 where a user has fewer.
    """
    hidden = hide_seen(np.where(may_list, scores, -np.inf).astype(np.float32), seen)
    lists = np.stack([_first(row) for row in hidden])
    return np.pad(lists, ((0, 0), (0, LENGTH - lists.shape[1])), constant_values=NOBODY)


def _first(row: Floats) -> Ints:
    k = min(LENGTH, len(row))
    # All that tie with the last place must be there before the lower ones can be picked.
    inside = np.flatnonzero(row >= np.partition(row, len(row) - k)[len(row) - k])
    found = inside[np.argsort(-row[inside], kind="stable")][:k]
    return np.where(np.isneginf(row[found]), NOBODY, found)


def best_of(candidates: Ints, scores: npt.NDArray[np.floating]) -> Ints:
    """Return `(B, LENGTH)` the candidates `(B, C)` with the highest scores, equal ones by place; -1 for padding."""
    shown = np.where(candidates == NOBODY, -np.inf, scores)
    order = np.argsort(-shown, axis=1, kind="stable")[:, :LENGTH]
    lists = np.take_along_axis(candidates, order, axis=1)
    return np.pad(lists, ((0, 0), (0, LENGTH - lists.shape[1])), constant_values=NOBODY)


def as_table(users: pa.Array, items: pa.Array, lists: Ints) -> pa.Table:
    """Name users and items of lists.

    Args:
        users: `B` keys.
        items: Keys in the order of item_idx.
        lists: `(B, LENGTH)` item_idx, -1 at the end of short lists.
    """
    rows, places = np.nonzero(lists != NOBODY)
    columns = {
        "user_id": users.take(pa.array(rows)),
        "item_id": items.take(pa.array(lists[rows, places])),
        "rank": pa.array((places + 1).astype(np.int32)),
    }
    return pa.table(columns)


def write_lists(path: Path, lists: pa.Table) -> None:
    """Write lists where the report looks for them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(lists.select(["user_id", "item_id", "rank"]), path)


def read_lists(path: Path, users: pa.Array, items: pa.Array) -> Ints:
    """Read lists back in the order of the given keys; -1 for users without one. The inverse of `as_table`."""
    table = pq.read_table(path, columns=["user_id", "item_id", "rank"])
    out = np.full((len(users), LENGTH), NOBODY)
    row, item = place_in(table["user_id"], users), place_in(table["item_id"], items)
    rank = np.asarray(table["rank"]).astype(np.int64)
    kept = (row != NOBODY) & (rank <= LENGTH)
    out[row[kept], rank[kept] - 1] = item[kept]
    return out


def place_in(keys: pa.ChunkedArray, ids: pa.Array) -> Ints:
    """Return `(n,)` the place of each key in `ids`, -1 where it is not."""
    flat = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    found = pc.index_in(flat, value_set=ids).fill_null(NOBODY)
    return np.asarray(found).astype(np.int64)
