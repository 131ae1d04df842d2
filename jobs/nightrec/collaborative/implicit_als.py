"""Factors on one machine, by the library `implicit`."""

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from nightrec.histories import Floats, Histories
from nightrec.model_settings import CollaborativeConfig


def factorise(histories: Histories, weight: Floats, settings: CollaborativeConfig) -> tuple[Floats, Floats]:
    """Fit implicit ALS.

    Source: Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets", equations 4 and 5;
    the confidence of a pair is `1 + alpha * weight`.

    Args:
        histories: One row per user and item.
        weight: `(n,)` as of the run date.
        settings: The section `collaborative`.

    Returns:
        `(n_users, dim)` and `(n_items, dim)` float32; zeros without rows.
    """
    model = AlternatingLeastSquares(
        factors=settings.dim,
        regularization=settings.regularization,
        alpha=1.0,
        iterations=settings.iterations,
        random_state=settings.seed,
    )
    pairs = histories.user_idx, histories.item_idx
    confidence = sp.csr_matrix((1.0 + settings.alpha * weight, pairs), histories.shape, dtype=np.float32)
    with threadpool_limits(1, "blas"):  # its own threads take the cores
        model.fit(confidence, show_progress=False)
    sides = zip((model.user_factors, model.item_factors), pairs, strict=True)
    users, items = (_known_only(factors, rows) for factors, rows in sides)
    return users, items


def _known_only(factors: Floats, rows: np.ndarray) -> Floats:
    kept = np.zeros_like(factors)
    known = np.unique(rows)
    kept[known] = factors[known]
    return kept
