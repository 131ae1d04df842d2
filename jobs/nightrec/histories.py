"""The matrix as arrays, each user's items in their order; NumPy and Arrow, for jobs without Spark."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.lake import Lake
from nightrec.schemas import contract

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Wide = npt.NDArray[np.float64]
SECONDS_PER_DAY = 86_400.0
FOLDS = ("cut", "all")
"""What a model learns from: everything but `held_out`, for the ranker, or everything, for the lists."""

COLUMNS = "user_idx", "item_idx", "weight", "first_at", "last_at", "has_goal"


@dataclass(frozen=True)
class Histories:
    """One row per user and item with a positive weight, ordered by user, time and, in a tie, item.

    Attributes:
        user_idx: `(n,)`.
        item_idx: `(n,)`.
        weight: `(n,)` as of the row's last event.
        first_at: `(n,)` float64 seconds.
        last_at: `(n,)` likewise.
        has_goal: `(n,)` whether the user reached the domain's goal with the item.
        shape: Number of users and of items, those without rows included.
    """

    user_idx: Ints
    item_idx: Ints
    weight: Floats
    first_at: Wide
    last_at: Wide
    has_goal: Mask
    shape: tuple[int, int]

    def where(self, rows: Mask) -> "Histories":
        """Keep some rows."""
        kept: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **kept)

    def weight_as_of(self, run_date: date, half_life_days: float) -> Floats:
        """Return `(n,)` weights decayed to the end of a day (UTC); later rows are not scaled up."""
        end = datetime.combine(run_date, time(), UTC).timestamp() + SECONDS_PER_DAY
        age = np.maximum(end - self.last_at, 0.0) / SECONDS_PER_DAY
        faded: Floats = (self.weight * 0.5 ** (age / half_life_days)).astype(np.float32)
        return faded

    def joined(self, other: "Histories") -> "Histories":
        """Return the rows of both in their order; the shape is the same."""
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in COLUMNS
        }
        rows = np.lexsort((columns["item_idx"], columns["last_at"], columns["user_idx"]))
        return replace(self, **{name: column[rows] for name, column in columns.items()})

    def keys(self) -> Ints:
        """Return `(n,)` one number per user and item."""
        return self.user_idx * self.shape[1] + self.item_idx

    @property
    def starts(self) -> Ints:
        """First row of each user, `(n_users + 1,)`; equal neighbours mean no history."""
        counts = np.bincount(self.user_idx, minlength=self.shape[0])
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@dataclass(frozen=True)
class Matrix:
    """What a night knows.

    Attributes:
        histories: All rows.
        held: `(n,)` rows of `held_out`.
        reached: `(n,)` those of them that reached the goal in what is held out, with an item that a list of that day
            could have shown.
        user_ids: Keys in the order of `user_idx`.
        item_ids: Keys in the order of `item_idx`.
        before: What was known of held-out pairs before; no rows where lists show no item again.
    """

    histories: Histories
    held: Mask
    reached: Mask
    user_ids: pa.Array
    item_ids: pa.Array
    before: Histories

    def fold(self, name: str) -> Histories:
        """Return the rows that models of a fold learn from."""
        return self.histories.where(~self.held).joined(self.before) if name == "cut" else self.histories

    @property
    def discovered(self) -> Mask:
        """Those of `reached` that the user had nothing to do with before, `(n,)`."""
        return self.reached & ~np.isin(self.histories.keys(), self.before.keys())

    def held_goals(self, reached: Mask | None = None) -> list[tuple[int, Ints]]:
        """Return what each user turned to next: `(user_idx, item_idx in order)` for users with both past and goal.

        Args:
            reached: `(n,)` rows that count, if not all that reached the goal.
        """
        past = np.bincount(self.fold("cut").user_idx, minlength=self.histories.shape[0])
        counts = self.reached if reached is None else reached
        rows = self.histories.where(counts & (past[self.histories.user_idx] > 0))
        users, first = np.unique(rows.user_idx, return_index=True)
        return list(zip(users.tolist(), np.split(rows.item_idx, first[1:]), strict=True)) if len(users) else []


def read_matrix(lake: Lake, run_date: date) -> Matrix:
    """Read a night's matrix, indexes and held-out pairs."""
    users, items = (_in_order(lake, f"{side}_index", f"{side}_idx", run_date) for side in ("user", "item"))
    histories, last_goal_at = _read_rows(lake, "interactions", run_date, users, items)
    before, _ = _read_rows(lake, "held_out", run_date, users, items)
    pairs = lake.read_arrow("held_out", run_date, ["user_id", "item_id", "cut_at"])
    held_keys = _idx(pairs["user_id"], users) * len(items) + _idx(pairs["item_id"], items)
    _, place, of_pair = np.intersect1d(histories.keys(), held_keys, return_indices=True)
    held, reached = np.zeros((2, len(last_goal_at)), np.bool_)
    held[place] = True
    cut_at = _seconds(pairs["cut_at"])[of_pair]
    # Where no item is shown again, lists of the day had none that the user knew when it began.
    is_new = histories.first_at[place] >= np.floor(cut_at / SECONDS_PER_DAY) * SECONDS_PER_DAY
    can_be_shown = is_new | np.isin(histories.keys()[place], before.keys())
    reached[place] = (last_goal_at[place] >= cut_at) & can_be_shown
    return Matrix(histories, held, reached, users, items, before)


def read_vectors(lake: Lake, table: str, run_date: date, ids: pa.Array, fold: str, empty_dim: int = 0) -> Floats:
    """Read vectors of a fold in the order of `ids`; zeros for keys without one.

    Returns:
        `(len(ids), dim)` float32; `dim` is `empty_dim` when the fold has none.
    """
    key = next(name for name in contract(table).names if name.endswith("_id"))
    rows = lake.read_arrow(table, run_date, [key, "fold", "vector"]).filter(pc.field("fold") == fold).combine_chunks()
    flat = np.asarray(rows["vector"].combine_chunks().flatten(), dtype=np.float32)
    found = flat.reshape(len(rows), -1) if len(rows) else np.zeros((0, empty_dim), np.float32)
    place = pc.index_in(ids, value_set=rows[key].combine_chunks())
    is_known = np.asarray(place.is_valid())
    out = np.zeros((len(ids), found.shape[1]), np.float32)
    out[is_known] = found[np.asarray(place.drop_null())]
    return out


def vector_table(name: str, ids: pa.Array, vectors: Floats, **constants: str) -> pa.Table:
    """Return rows of a table of vectors.

    Args:
        name: The table; its columns are one key, `vector` and the constants.
        ids: `n` keys.
        vectors: `(n, dim)`.
        constants: Columns that are the same in all rows.
    """
    schema = contract(name).arrow(vectors.shape[1])
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=schema.field("vector").type)
    key = next(column for column in schema.names if column != "vector" and column not in constants)
    columns = {column: pa.repeat(pa.scalar(value), len(ids)) for column, value in constants.items()}
    return pa.table([(columns | {key: ids, "vector": lists})[column] for column in schema.names], schema=schema)


def _read_rows(lake: Lake, table: str, run_date: date, users: pa.Array, items: pa.Array) -> tuple[Histories, Wide]:
    """Read the rows with a positive weight, in their order, and when each reached the goal last, -inf for never."""
    columns = ["user_id", "item_id", "weight", "first_at", "last_at", "last_goal_at"]
    rows = lake.read_arrow(table, run_date, columns).filter(pc.field("weight") > 0)
    pairs = _idx(rows["user_id"], users), _idx(rows["item_id"], items)
    first_at, last_at, last_goal_at = (_seconds(rows[name]) for name in columns[3:])
    order = np.lexsort((pairs[1], last_at, pairs[0]))
    weight, shape = np.asarray(rows["weight"], dtype=np.float32)[order], (len(users), len(items))
    has_goal = np.isfinite(last_goal_at)[order]
    times = first_at[order], last_at[order]
    return Histories(pairs[0][order], pairs[1][order], weight, *times, has_goal, shape), last_goal_at[order]


def _seconds(at: pa.ChunkedArray) -> Wide:
    """Return seconds since 1970, -inf for nulls."""
    return np.asarray(pc.fill_null(pc.divide(at.cast(pa.int64()).cast(pa.float64()), 1e6), -np.inf))


def _in_order(lake: Lake, table: str, idx: str, run_date: date) -> pa.Array:
    return lake.read_arrow(table, run_date).sort_by(idx).column(idx.replace("_idx", "_id")).combine_chunks()


def _idx(keys: pa.ChunkedArray, ids: pa.Array) -> Ints:
    return np.asarray(pc.index_in(keys, value_set=ids)).astype(np.int64)
