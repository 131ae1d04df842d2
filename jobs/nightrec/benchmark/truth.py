"""What lists of one split are measured against, in one numbering of users and items."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from nightrec.benchmark.lists import Floats, Ints, place_in
from nightrec.benchmark.splits import read, read_past

Mask = npt.NDArray[np.bool_]
SHORT_FRAC = 1 / 3
HEAD_FRAC = 1 / 2


@dataclass(frozen=True)
class Truth:
    """The test of a split.

    Attributes:
        users: Keys of the `U` users that are asked about.
        items: Keys of all items.
        relevant: `(U, n_items)` ones at what is to be found.
        may_list: `(n_items,)`.
        is_short: `(U,)` users with a history no longer than that of the shortest third.
        is_head: `(n_items,)` the most popular items that together have half of the past interactions.
        vectors: `(n_items, D)` frozen unit text vectors, zeros without text.
    """

    users: pa.Array
    items: pa.Array
    relevant: sp.csr_matrix
    may_list: Mask
    is_short: Mask
    is_head: Mask
    vectors: Floats

    def within(self, items: Mask) -> sp.csr_matrix:
        """Return `relevant` with the given items alone."""
        return sp.csr_matrix(self.relevant @ sp.diags(items.astype(np.float32)))


def read_truth(split: Path, vectors: Floats) -> Truth:
    """Read the test of a split folder; `vectors` in the order of `items.parquet`."""
    pairs, past = read(split, "truth_test"), read_past(split)
    users, items = pairs["user_id"].unique().sort(), read(split, "items")["item_id"].combine_chunks()
    rows, columns = place_in(pairs["user_id"], users), place_in(pairs["item_id"], items)
    relevant = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(users), len(items)))
    may_list = np.asarray(pc.is_in(items, value_set=read(split, "candidates")["item_id"].combine_chunks()))
    place = place_in(past["user_id"], users)
    length = np.bincount(place[place >= 0], minlength=len(users))
    counts = np.bincount(place_in(past["item_id"], items), minlength=len(items))
    is_short = length <= np.quantile(length, SHORT_FRAC, method="lower")
    return Truth(users, items, relevant, may_list, is_short, head(counts), vectors)


def head(counts: Ints) -> Mask:
    """Return `(n_items,)` the fewest items that together have half of all interactions."""
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    is_head = np.zeros(len(counts), np.bool_)
    is_head[order] = before < counts.sum() * HEAD_FRAC
    return is_head
