"""Cut a data set into train, validation and test, and say what counts as found; pure functions over Arrow tables.

The protocols are those of the published numbers. Ties of the clock are broken by item, and in a cut of the whole log by
user before that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Parts = npt.NDArray[np.str_]
PARTS = ("train", "validation", "test")
COLD_FRAC = 0.1
COLD_SEED = 0


@dataclass(frozen=True)
class Protocol:
    """How a data set is used.

    Attributes:
        parts: Gives the name of the part of every event; events ordered by user, time, item.
        needs_relevant_past: Users count when something in their past was relevant, or as soon as there is any past.
        needs_known_items: Only items that occur in the past can be found.
    """

    parts: Callable[[pa.Table], Parts]
    needs_relevant_past: bool
    needs_known_items: bool


def leave_one_out(events: pa.Table) -> Parts:
    """Return test for each user's last item, validation for the one before, train for the rest."""
    place, count = places(events)
    from_end = count - 1 - place
    return np.select([from_end == 0, from_end == 1], ["test", "validation"], "train")


def by_clock(events: pa.Table) -> Parts:
    """Return train for the first 80 % of the whole log, validation for the next 10 %, test for the rest."""
    at, n = np.asarray(events["at"]), events.num_rows
    order = np.argsort(at, kind="stable")  # of equal times the lower user, then item, comes first
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    return np.select([place < int(n * 0.8), place < int(n * 0.9)], ["train", "validation"], "test")


def by_user(events: pa.Table) -> Parts:
    """Return train for the oldest 70 % of each user, validation for the next 10 %, test for the rest, rounded."""
    place, count = places(events)
    ends = np.round(count * 0.7), np.round(count * 0.8)
    return np.select([place < ends[0], place < ends[1]], ["train", "validation"], "test")


PROTOCOLS = {
    "toys": Protocol(leave_one_out, needs_relevant_past=False, needs_known_items=False),
    "instruments": Protocol(by_clock, needs_relevant_past=False, needs_known_items=True),
    "movielens": Protocol(by_user, needs_relevant_past=True, needs_known_items=True),
}


def places(events: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return each event's place among those of its user, from 0, and how many the user has; ordered by user."""
    _, user_idx, n_events = np.unique(np.asarray(events["user_id"]), return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(n_events)[:-1]])
    return np.arange(len(user_idx)) - starts[user_idx], n_events[user_idx]


def truth(past: pa.Table, future: pa.Table, protocol: Protocol, items: pa.Array | None = None) -> pa.Table:
    """Return what a list made from the past should have shown.

    Args:
        past: Events that the lists know.
        future: Events that come next.
        protocol: Whose users and items count.
        items: Only these items count, known or not; None for the protocol's own rule.

    Returns:
        Distinct `user_id, item_id` of relevant events, without pairs of the past, in order.
    """
    known = past.filter(past["is_relevant"]) if protocol.needs_relevant_past else past
    wanted = future.filter(pc.and_(future["is_relevant"], is_one_of(future["user_id"], known["user_id"])))
    if items is not None:
        wanted = wanted.filter(is_one_of(wanted["item_id"], items))
    elif protocol.needs_known_items:
        wanted = wanted.filter(is_one_of(wanted["item_id"], past["item_id"]))
    keys = ["user_id", "item_id"]
    pairs = wanted.select(keys).join(past.select(keys), keys=keys, join_type="left anti")
    return pairs.group_by(keys).aggregate([]).select(keys).sort_by([(key, "ascending") for key in keys])


def cold_items(items: pa.Array, seed: int = COLD_SEED) -> pa.Array:
    """Draw the items that the cold variant hides: a tenth, the same for the same catalogue and seed."""
    ids = np.sort(np.asarray(items).astype(str))
    drawn = np.random.default_rng(seed).permutation(len(ids))[: round(len(ids) * COLD_FRAC)]
    return pa.array(np.sort(ids[drawn]).tolist(), pa.string())


def is_one_of(column: pa.ChunkedArray, values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """Return a mask of the rows whose value is among the given ones."""
    flat = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return pc.is_in(column, value_set=flat)
