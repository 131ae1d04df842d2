"""A weighted sum of features, fitted as a choice among candidates; little to learn, so it holds on small nights."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Wide = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """`score = (features - mean) / spread . weights`; all three `(F,)`."""

    mean: Wide
    spread: Wide
    weights: Wide

    def scores(self, features: Floats) -> Floats:
        """Score features `(..., F)`."""
        slope = self.weights / self.spread
        shifted: Floats = (features @ slope.astype(np.float32)) - np.float32(self.mean @ slope)
        return shifted


def fit_linear(features: Floats, inside: Mask, relevant: Mask, ridge: float = 1e-3) -> Linear:
    """Fit weights so that the softmax over a user's candidates puts its mass on the relevant ones.

    Args:
        features: `(U, C, F)`.
        inside: `(U, C)` false at padding.
        relevant: `(U, C)` the items that came next; users without one among their candidates teach nothing.
        ridge: Strength of the pull of the weights towards zero.

    Returns:
        The fitted weights; zeros where nobody teaches anything.
    """
    taught = relevant.any(axis=1)
    if not taught.any():
        return Linear(np.zeros(features.shape[2]), np.ones(features.shape[2]), np.zeros(features.shape[2]))
    features, inside, relevant = features[taught], inside[taught], relevant[taught]
    rows = features[inside].astype(np.float64)
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    scaled = ((features - mean) / spread).astype(np.float32)
    share = relevant / relevant.sum(axis=1, keepdims=True)

    def loss(weights: Wide) -> tuple[float, Wide]:
        logits = np.where(inside, scaled @ weights.astype(np.float32), -np.inf)
        logits = logits - logits.max(axis=1, keepdims=True)
        mass = np.exp(logits)
        total = mass.sum(axis=1, keepdims=True)
        log_share = np.where(inside, logits, 0.0) - np.log(total)
        gap = (mass / total - share).astype(np.float32)
        slope = np.einsum("uc,ucf->f", gap, scaled, optimize=True) / len(share)
        return float(-(share * log_share).sum() / len(share) + ridge * weights @ weights), slope + 2 * ridge * weights

    found = minimize(loss, np.zeros(features.shape[2]), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return Linear(mean, spread, np.asarray(found.x, dtype=np.float64))
