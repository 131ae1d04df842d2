"""Matrix factorisation with the library `implicit`: alternating least squares and Bayesian personalised ranking.

One thread, because with more the same seed gives other factors.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from nightrec.benchmark.lists import Floats
from nightrec.benchmark.peers.known import Known, Model, Peer, Settings, each, row_choices

DIM, ALS_DIMS, ALS_ITERATIONS, SEED = 64, (16, 64), 15, 0
REGULARIZATION, ALPHA = (0.01, 0.1, 1.0), (1.0, 10.0, 40.0)
RATES, BPR_ITERATIONS = (0.01, 0.05), (100, 300)


def fit_als(known: Known, settings: Settings) -> Model:
    """Fit implicit ALS."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415  # only in the peers' environment

    model = AlternatingLeastSquares(
        factors=int(settings["dim"]), regularization=settings["regularization"], alpha=settings["alpha"],
        iterations=ALS_ITERATIONS, num_threads=1, random_state=SEED,
    )  # fmt: skip
    model.fit(known.profile(str(settings["rows"]), 0.0), show_progress=False)
    return as_model(model.user_factors, model.item_factors)


def fit_bpr(known: Known, settings: Settings) -> Model:
    """Fit BPR."""
    from implicit.bpr import BayesianPersonalizedRanking  # noqa: PLC0415  # only in the peers' environment

    model = BayesianPersonalizedRanking(
        factors=DIM, learning_rate=settings["learning_rate"], iterations=int(settings["iterations"]), num_threads=1,
        random_state=SEED,
    )  # fmt: skip
    model.fit(known.profile(str(settings["rows"]), 0.0), show_progress=False)
    return as_model(model.user_factors, model.item_factors)


def as_model(users: Floats, items: Floats) -> Model:
    """Return the model that scores by inner products; it reads no histories."""
    return lambda _histories, some: np.asarray(users[some] @ items.T, dtype=np.float32)


def _als(known: Known) -> Sequence[Settings]:
    names, choices = ("rows", "dim", "regularization", "alpha"), (row_choices(known), ALS_DIMS, REGULARIZATION, ALPHA)
    return [dict(zip(names, values, strict=True)) for values in product(*choices)]


def _bpr(known: Known) -> Sequence[Settings]:
    names = ("rows", "learning_rate", "iterations")
    return [dict(zip(names, values, strict=True)) for values in product(row_choices(known), RATES, BPR_ITERATIONS)]


_ALS = f"factors: {ALS_DIMS}; regularization: {REGULARIZATION}; alpha: {ALPHA}; {ALS_ITERATIONS} rounds"
_BPR = f"{DIM} factors; learning rate: {RATES}; rounds: {BPR_ITERATIONS}"
PEERS = {
    "als": Peer(f"rows: all or relevant; {_ALS}", each(_als, fit_als), fit_als),
    "bpr": Peer(f"rows: all or relevant; {_BPR}", each(_bpr, fit_bpr), fit_bpr),
}
