"""LambdaRank over candidates with LightGBM."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TreesPlan:
    """How trees are grown; small and slow, because a night holds few lists to learn from."""

    n_trees: int = 150
    learning_rate: float = 0.05
    n_leaves: int = 15
    min_rows_a_leaf: int = 200
    seed: int = 0


def fit_trees(features: Floats, inside: Mask, relevant: Mask, names: list[str], plan: TreesPlan) -> lgb.Booster:
    """Fit LambdaRank on users with a relevant candidate.

    Args:
        features: `(U, C, F)`.
        inside: `(U, C)` false at padding.
        relevant: `(U, C)`.
        names: The F names.
        plan: How.

    Returns:
        The model; `predict` takes `(rows, F)`.
    """
    taught = relevant.any(axis=1)
    rows = inside[taught]
    data = lgb.Dataset(
        features[taught][rows], relevant[taught][rows].astype(np.int32), group=rows.sum(axis=1), feature_name=names
    )
    settings = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 20,
        "num_leaves": plan.n_leaves,
        "learning_rate": plan.learning_rate,
        "min_data_in_leaf": plan.min_rows_a_leaf,
        "feature_fraction": 0.7,
        "lambda_l2": 1.0,
        "seed": plan.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    return lgb.train(settings, data, num_boost_round=plan.n_trees)


def tree_scores(model: lgb.Booster, features: Floats, inside: Mask) -> Floats:
    """Score `(U, C, F)` to `(U, C)`; zeros at padding."""
    out = np.zeros(inside.shape, dtype=np.float32)
    if inside.any():
        out[inside] = np.asarray(model.predict(features[inside]), dtype=np.float32)
    return out
