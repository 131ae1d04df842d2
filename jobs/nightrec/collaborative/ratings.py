"""Biased matrix factorisation of ratings, on one machine; NumPy, SciPy and Arrow only."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from nightrec.histories import Floats, Ints, Matrix
from nightrec.model_settings import CollaborativeConfig

Wide = npt.NDArray[np.float64]
Ratings = tuple[Ints, Ints, Wide]
BLOCK_ROWS = 20_000
PRIOR = 10.0
"""Ratings at the mean of all that the means of an item or a user are shrunk by."""


def values_of(matrix: Matrix, interactions: pa.Table) -> Wide:
    """Return `(n,)` the last value of each row of the histories, NaN without one.

    Args:
        matrix: The night's matrix.
        interactions: `user_id, item_id, last_value`, unique by the first two; those of the histories among them.
    """
    columns = (("user_id", matrix.user_ids), ("item_id", matrix.item_ids))
    users, items = (np.asarray(pc.fill_null(pc.index_in(interactions[key], value_set=ids), -1)) for key, ids in columns)
    keys, wanted = users.astype(np.int64) * len(matrix.item_ids) + items, matrix.histories.keys()
    order = np.argsort(keys, kind="stable")
    values: Wide = np.asarray(interactions["last_value"], np.float64)[order][np.searchsorted(keys[order], wanted)]
    return values


def factorise_ratings(
    pairs: tuple[Ints, Ints], value: Wide, shape: tuple[int, int], settings: CollaborativeConfig
) -> tuple[Floats, Floats]:
    """Fit `mean + b_u + b_i + p_u . q_i` by alternating ridge regressions.

    Source: Koren, Bell and Volinsky 2009, "Matrix factorization techniques for recommender systems", equations 4 and 5;
    a bias is learnt together with the vector of its side.

    Args:
        pairs: user_idx and item_idx, each `(n,)`, `n` above 0.
        value: `(n,)`.
        shape: Number of users and of items.
        settings: The section `collaborative`.

    Returns:
        `(n_users, rating_dim + 2)` and `(n_items, rating_dim + 2)` float32, whose inner products are ratings in the
        unit of the values; who and what has none stands at the mean.
    """
    mean, spread = value.mean(), max(value.std(), 1e-9)
    by_user = sp.csr_matrix(((value - mean) / spread, pairs), shape)
    by_item = sp.csr_matrix(by_user.T)
    items = np.random.default_rng(settings.seed).normal(0.0, 0.1, (shape[1], settings.rating_dim + 1))
    items[:, -1] = 0.0
    for _ in range(settings.iterations):
        users = _regress(by_user, items, settings.rating_regularization)
        items = _regress(by_item, users, settings.rating_regularization)
    users = _regress(by_user, items, settings.rating_regularization)
    of_users = np.hstack([spread * users[:, :-1], mean + spread * users[:, -1:], np.full((shape[0], 1), spread)])
    of_items = np.hstack([items[:, :-1], np.ones((shape[1], 1)), items[:, -1:]])
    return of_users.astype(np.float32), of_items.astype(np.float32)


def rating_errors(known: Ratings, held: Ratings, model: Wide) -> dict[str, float]:
    """Return how far held-out ratings lie from what is predicted, and from the means that need no model.

    Args:
        known: user_idx, item_idx and rating, each `(n,)`.
        held: The same of what is predicted, each `(m,)`.
        model: `(m,)` predictions.

    Returns:
        `rmse` and `mae` of the model, and with the suffixes `_item_mean` and `_user_mean` those of the means, which
        `PRIOR` ratings at the mean of all are added to.
    """
    mean = known[2].mean()
    predicted = {"": model}
    for place, name in enumerate(("_user_mean", "_item_mean")):
        size = max(known[place].max(), held[place].max()) + 1
        n, total = (np.bincount(known[place], weights=w, minlength=size) for w in (None, known[2] - mean))
        predicted[name] = mean + (total / (n + PRIOR))[held[place]]
    errors = {name: values - held[2] for name, values in predicted.items()}
    rmse = {f"rmse{name}": float(np.sqrt(np.mean(error**2))) for name, error in errors.items()}
    return rmse | {f"mae{name}": float(np.abs(error).mean()) for name, error in errors.items()}


def _regress(values: sp.csr_matrix, others: Wide, ridge: float) -> Wide:
    """Return `(n, dim + 1)` vectors, the bias last, of the rows of `values`, given those of the columns."""
    bias, known = others[:, -1], np.hstack([others[:, :-1], np.ones((len(others), 1))])
    dim = known.shape[1]
    products = (known[:, :, None] * known[:, None, :]).reshape(len(known), dim * dim)
    solved = []
    for start in range(0, values.shape[0], BLOCK_ROWS):
        rows = values[start : start + BLOCK_ROWS]
        places = rows.indices, rows.indptr
        left = sp.csr_matrix((rows.data - bias[rows.indices], *places), rows.shape) @ known
        gram = (sp.csr_matrix((np.ones_like(rows.data), *places), rows.shape) @ products).reshape(-1, dim, dim)
        solved.append(np.linalg.solve(gram + ridge * np.eye(dim), left[:, :, None])[:, :, 0])
    return np.concatenate(solved)
