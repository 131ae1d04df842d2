"""A split of two halves of a shop: every user keeps to one half, and to its items in turn."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nightrec.benchmark.protocols import Protocol, leave_one_out
from nightrec.benchmark.splits import make_split, write_split
from nightrec.data_sets import EVENTS, ITEMS, Shop

N_USERS, N_ITEMS, N_EACH = 24, 16, 6
LAST_OUT = Protocol(leave_one_out, needs_relevant_past=False, needs_known_items=False)


def event(user_id, item_id, at, value=5.0, text=None, is_relevant=None):
    is_relevant = value >= 4 if is_relevant is None else is_relevant
    return {"user_id": user_id, "item_id": item_id, "at": at, "value": value, "text": text, "is_relevant": is_relevant}


def table(*events):
    return pa.Table.from_pylist(list(events), EVENTS)


def items(*rows):
    empty = {"title": None, "categories": [], "tags": []}
    return pa.Table.from_pylist([empty | row for row in rows], ITEMS)


def halves(seed=0):
    """Return a shop whose users keep to the even or to the odd items."""
    rng, rows = np.random.default_rng(seed), []
    for user in range(N_USERS):
        taken = rng.permutation(np.arange(user % 2, N_ITEMS, 2))[:N_EACH]
        rows += [event(f"u{user:02}", f"i{item:02}", 86_400 * place) for place, item in enumerate(taken)]
    words = [{"item_id": f"i{k:02}", "title": f"{'pan' if k % 2 else 'spade'} {k}"} for k in range(N_ITEMS)]
    return Shop(table(*rows), items(*words), "purchase")


def write_halves(folder, variant="warm"):
    """Write the split of `halves`, its texts with a vector that says the half."""
    split = make_split(halves(), LAST_OUT, variant)
    write_split(folder, split)
    place = [int(item[1:]) for item in split["texts"]["item_id"].to_pylist()]
    noise = np.random.default_rng(0).normal(0, 0.1, (len(place), 2))
    vectors = np.eye(2, dtype=np.float32)[np.array(place) % 2] + noise
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 2)
    pq.write_table(split["texts"].append_column("vector", lists), folder / "vectors.parquet")
    return folder
