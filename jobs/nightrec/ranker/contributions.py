"""What each feature adds to the score of a candidate: Shapley values of one row, exact and without sampling."""

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from nightrec.ranker.choose import Ranker
from nightrec.ranker.linear import Linear

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def contributions(ranker: Ranker, features: Floats, inside: Mask, wanted: Mask | None = None) -> Floats:
    """Split the scores of candidates among the features, by the part that orders the lists.

    `fusion` and `linear`: `weight * (x - mean) / spread`, the Shapley value of a weighted sum of independent features;
    they add up to the score. `trees`: the path-dependent values of Lundberg, Erion and Lee (2018), which LightGBM
    computes exactly; they add up to the score less what the trees answer on average. `blend`: the values of both parts,
    each divided by the spread of its scores over the user's candidates, which is the scale on which they are joined;
    they add up to the score but for a constant of the user, which orders nothing.

    Args:
        ranker: The fitted ranker.
        features: `(U, C, F)`, of all candidates of a user where the part is `blend`.
        inside: `(U, C)` false at padding.
        wanted: `(U, C)` the rows to split, all by default; trees take a third of a millisecond a row.

    Returns:
        `(U, C, F)` in the unit of the ranker's scores; zeros at padding and where nothing is wanted.
    """
    rows = inside if wanted is None else inside & wanted
    if ranker.chosen == "fusion":
        shares = np.zeros(features.shape, np.float32)
        shares[:, :, ranker.simple] = _of_sum(ranker.fusion, features[:, :, ranker.simple])
    elif ranker.trees is None or ranker.chosen == "linear":
        shares = _of_sum(ranker.linear, features)
    else:
        shares = _of_trees(ranker.trees, features, rows)
        if ranker.chosen == "blend":
            scores = ranker.parts(features, inside)
            of_sum = _of_sum(ranker.linear, features)
            shares = _on_scale(of_sum, scores["linear"], inside) + _on_scale(shares, scores["trees"], inside)
    return np.where(rows[:, :, None], shares, np.float32(0))


def _of_sum(part: Linear, features: Floats) -> Floats:
    shares: Floats = ((features - part.mean) / part.spread * part.weights).astype(np.float32)
    return shares


def _of_trees(trees: lgb.Booster, features: Floats, rows: Mask) -> Floats:
    shares = np.zeros(features.shape, np.float32)
    if rows.any():
        # The last column is what the trees answer on average.
        shares[rows] = np.asarray(trees.predict(features[rows], pred_contrib=True))[:, :-1]
    return shares


def _on_scale(shares: Floats, scores: Floats, inside: Mask) -> Floats:
    """Divide by the spread of the candidates' scores; zeros for a user whose candidates are all alike."""
    spread = np.asarray(np.ma.masked_array(scores.astype(np.float64), ~inside).std(axis=1).filled(0))[:, None, None]
    scaled: Floats = np.divide(shares, spread, out=np.zeros_like(shares), where=spread > 1e-9, casting="same_kind")
    return scaled
