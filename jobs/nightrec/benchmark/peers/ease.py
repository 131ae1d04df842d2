"""EASE, a linear item-item model in closed form, with and without more weight on recent history.

Source: Steck 2019, arXiv:1905.03375, eq. 8.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from scipy.linalg import lapack

from nightrec.benchmark.lists import Floats, Ints
from nightrec.benchmark.peers.known import Courses, Known, Model, Peer, Settings, Trial, row_choices

RIDGES, POWERS = (100.0, 300.0, 1000.0, 3000.0), (0.5, 1.0)


def weights(known: Known, rows: str, ridge: float) -> Floats:
    """Return `(n_items, n_items)` weights with a zero diagonal; for a while it holds two matrices of that size.

    Args:
        known: What to fit on.
        rows: `all` or `relevant`.
        ridge: L2 penalty, above 0.

    Raises:
        ValueError: If the Gram matrix cannot be inverted.
    """
    likes = known.profile(rows, 0.0)
    gram = np.asfortranarray((likes.T @ likes).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
    inverse, singular = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed or singular:
        raise ValueError(f"the Gram matrix with ridge {ridge} cannot be inverted; use a larger ridge")
    for column in range(len(inverse)):  # LAPACK fills the lower half alone
        inverse[column, column + 1 :] = inverse[column + 1 :, column]
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0.0)
    return np.asarray(inverse, dtype=np.float32)


def as_model(fitted: Floats, rows: str, power: float) -> Model:
    """Return the model that scores by the weighted history."""

    def score(histories: Known, users: Ints) -> Floats:
        return np.asarray(histories.profile(rows, power)[users] @ fitted, dtype=np.float32)

    return score


def fit_ease(known: Known, settings: Settings) -> Model:
    """Fit with given settings."""
    rows = str(settings["rows"])
    return as_model(weights(known, rows, float(settings["ridge"])), rows, float(settings["power"]))


def _course(known: Known, powers: Sequence[float]) -> Iterator[Trial]:
    for rows, ridge in product(row_choices(known), RIDGES):
        fitted = weights(known, rows, ridge)
        for power in powers:
            yield {"rows": rows, "ridge": ridge, "power": power}, as_model(fitted, rows, power)


def _courses(powers: Sequence[float]) -> Courses:
    return lambda known: iter([_course(known, powers)])


_WORDS = f"rows: all or relevant; ridge: {RIDGES}"
PEERS = {
    "ease": Peer(_WORDS, _courses([0.0]), fit_ease),
    "ease_decay": Peer(f"{_WORDS}; power: {POWERS}", _courses(POWERS), fit_ease),
}
