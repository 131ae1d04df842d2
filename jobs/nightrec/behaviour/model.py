"""The probability that a user reaches the goal with an item: two kinds of model, chosen and calibrated out of fold."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from nightrec.histories import Floats, Ints, Mask

Wide = npt.NDArray[np.float64]
KINDS = ("logistic", "trees")
N_FOLDS = 3
MIN_TO_CALIBRATE = 10
"""Fewer goals or others than this move no probability: their odds stay as the model gave them."""
N_TREES = 80
TREES = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.08,
    "max_bin": 63,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
"""Small and slow trees: a night holds few thousand goals to learn from."""


@dataclass(frozen=True)
class Platt:
    """Turns margins into probabilities: `1 / (1 + exp(-(shift + slope * margin)))`. Source: Platt 1999."""

    shift: float
    slope: float

    def log_odds(self, margins: Wide) -> Wide:
        """Return calibrated log-odds of margins of any shape."""
        return self.shift + self.slope * margins

    def probabilities(self, margins: Wide) -> Wide:
        """Return calibrated probabilities of margins of any shape."""
        return sigmoid(self.log_odds(margins))


@dataclass(frozen=True)
class Model:
    """A fitted model of one of `KINDS`."""

    kind: str
    fitted: lgb.Booster | Pipeline

    def margins(self, features: Floats) -> Wide:
        """Return uncalibrated log-odds `(n,)` of `(n, F)`."""
        if not len(features):
            return np.zeros(0)
        if isinstance(self.fitted, lgb.Booster):
            return np.asarray(self.fitted.predict(features, raw_score=True), dtype=np.float64)
        return np.asarray(self.fitted.decision_function(features), dtype=np.float64)

    def contributions(self, features: Floats) -> Wide:
        """Split the margins of `(n, F)` among the features: Shapley values, exact.

        Of trees the path-dependent ones of Lundberg, Erion and Lee (2018), as LightGBM computes them; of the weighted
        sum those of independent features. With the margin of an average row they add up to the margins.
        """
        if isinstance(self.fitted, lgb.Booster):
            return np.asarray(self.fitted.predict(features, pred_contrib=True))[:, :-1]
        scaled = self.fitted[:-1].transform(features)
        return np.asarray(scaled * self.fitted[-1].coef_[0], dtype=np.float64)


def sigmoid(log_odds: Wide) -> Wide:
    """Return `1 / (1 + exp(-x))` without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def fit(kind: str, features: Floats, is_goal: Mask, seed: int) -> Model:
    """Fit one kind of model on `(n, F)` features and `(n,)` outcomes."""
    if kind == "logistic":
        return Model(
            kind, make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500)).fit(features, is_goal)
        )
    data = lgb.Dataset(features, is_goal.astype(np.int8))
    return Model(kind, lgb.train(TREES | {"seed": seed}, data, num_boost_round=N_TREES))


def platt(margins: Wide, is_goal: Mask) -> Platt:
    """Fit the calibration of `(n,)` margins that the model's own lesson did not make; with too few of either, none."""
    if min(is_goal.sum(), (~is_goal).sum()) < MIN_TO_CALIBRATE:
        return Platt(0.0, 1.0)
    fitted = LogisticRegression(C=1e6, max_iter=500).fit(margins[:, None], is_goal)
    return Platt(float(fitted.intercept_[0]), float(fitted.coef_[0, 0]))


def folds_of_users(n_users: int, seed: int) -> Ints:
    """Return `(n_users,)` which fold each user belongs to."""
    return np.random.default_rng(seed).permutation(n_users) % N_FOLDS


@dataclass(frozen=True)
class Lesson:
    """Pairs as the models see them; all that a user did is in one fold.

    Attributes:
        features: `(n, F)`.
        is_goal: `(n,)`.
        fold: `(n,)`.
    """

    features: Floats
    is_goal: Mask
    fold: Ints


def log_loss(log_odds: Wide, is_goal: Mask) -> float:
    """Return the mean surprise in nats."""
    return float(np.logaddexp(0, np.where(is_goal, -log_odds, log_odds)).mean())
