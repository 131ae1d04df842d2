"""Item-kNN: cosine of the items' users, with and without more weight on recent history."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import scipy.sparse as sp

from nightrec.benchmark.lists import Floats, Ints
from nightrec.benchmark.peers.known import Courses, Known, Model, Peer, Settings, Trial, row_choices
from nightrec.ranker.item_item import keep_best

NEIGHBOURS, SHRINK, POWERS = (500, 100, 30), (0.0, 20.0, 100.0), (0.5, 1.0, 2.0)


def similarities(known: Known, rows: str, shrink: float) -> sp.csr_matrix:
    """Return `(n_items, n_items)` cosines of the items' users, shrunk towards 0, without the diagonal.

    Args:
        known: What to count.
        rows: `all` or `relevant`.
        shrink: Added to the norm, against chance pairs of rare items.
    """
    likes = known.profile(rows, 0.0)
    together = sp.csr_matrix(likes.T @ likes)
    together.setdiag(0)
    together.eliminate_zeros()
    n_users = np.asarray(likes.sum(axis=0)).ravel()
    of_row = np.repeat(np.arange(known.shape[1]), np.diff(together.indptr))
    norm = np.sqrt(n_users[of_row] * n_users[together.indices]) + shrink
    return sp.csr_matrix((together.data / norm, together.indices, together.indptr), together.shape, dtype=np.float32)


def as_model(near: sp.csr_matrix, rows: str, power: float) -> Model:
    """Return the model that sums, over the weighted history, how near each item is.

    Args:
        near: `(n_items, n_items)` the neighbours of each item, an item a row.
        rows: Which events count as history.
        power: How fast they fade.
    """
    onto = sp.csr_matrix(near.T)

    def score(histories: Known, users: Ints) -> Floats:
        return np.asarray((histories.profile(rows, power)[users] @ onto).toarray(), dtype=np.float32)

    return score


def fit_neighbours(known: Known, settings: Settings) -> Model:
    """Fit with given settings."""
    rows = str(settings["rows"])
    near = keep_best(similarities(known, rows, float(settings["shrink"])), int(settings["neighbours"]))
    return as_model(near, rows, float(settings["power"]))


def _course(known: Known, powers: Sequence[float]) -> Iterator[Trial]:
    for rows, shrink in product(row_choices(known), SHRINK):
        near = similarities(known, rows, shrink)
        for k in NEIGHBOURS:
            near = keep_best(near, k)  # from many to few, so that the full matrix is sorted once
            for power in powers:
                settings: Settings = {"rows": rows, "neighbours": k, "shrink": shrink, "power": power}
                yield settings, as_model(near, rows, power)


def _courses(powers: Sequence[float]) -> Courses:
    return lambda known: iter([_course(known, powers)])


_WORDS = f"rows: all or relevant; neighbours: {NEIGHBOURS}; shrink: {SHRINK}"
PEERS = {
    "itemknn": Peer(_WORDS, _courses([0.0]), fit_neighbours),
    "itemknn_decay": Peer(f"{_WORDS}; power: {POWERS}", _courses(POWERS), fit_neighbours),
}
