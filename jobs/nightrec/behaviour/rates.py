"""How many goals a user will reach, and what that makes of a probability learnt from as many goals as others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from nightrec.histories import SECONDS_PER_DAY, Histories, Ints, Mask, Matrix

Wide = npt.NDArray[np.float64]
WINDOWS_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class Horizon:
    """What the held-out interactions span, and so what a probability is about.

    Attributes:
        days: Length in a cut by time; None where the newest interactions of each user are held out.
        newest_frac: Share of a user's interactions that is held out where `days` is None.
    """

    days: float | None
    newest_frac: float

    def lengths(self, n_rows: Ints) -> Wide:
        """Return how long `(n,)` users with so many interactions are looked at: once, or their next interactions."""
        if self.days is not None:
            return np.ones(len(n_rows))
        return np.asarray(np.maximum(1.0, np.floor(n_rows * self.newest_frac)))


def horizon_of(matrix: Matrix, newest_frac: float) -> Horizon:
    """Tell which way the night held interactions out; every late row is newer than all others in a cut by time."""
    at, held = matrix.histories.last_at, matrix.held
    if held.any() and not held.all() and at[held].min() > at[~held].max():
        return Horizon(float(at[held].max() - at[~held].max()) / SECONDS_PER_DAY, newest_frac)
    return Horizon(None, newest_frac)


def activity(histories: Histories) -> Wide:
    """Describe how active each user is, `(n_users, 6)`: history and goals, three windows up to now, days since."""
    n_users, now = histories.shape[0], float(histories.last_at.max(initial=0.0))
    age = (now - histories.last_at) / SECONDS_PER_DAY
    rows = [np.ones(len(age)), histories.has_goal, *(age < days for days in WINDOWS_DAYS)]
    counts = [np.bincount(histories.user_idx, weights=row, minlength=n_users) for row in rows]
    idle = np.full(n_users, np.inf)
    np.minimum.at(idle, histories.user_idx, age)
    return np.asarray(np.log1p(np.stack([*counts, np.where(np.isfinite(idle), idle, 0.0)], axis=1)))


@dataclass(frozen=True)
class Rates:
    """Expected goals per unit of the horizon: a Poisson regression, scaled to the total that was seen."""

    fitted: Pipeline
    scale: float

    def expected(self, described: Wide, lengths: Wide) -> Wide:
        """Return `(n,)` expected goals of users described by `activity`."""
        return np.asarray(self.fitted.predict(described) * lengths * self.scale)


def fit_rates(described: Wide, n_goals: Ints, lengths: Wide) -> Rates:
    """Fit on `(n, 6)` users, the `(n,)` goals that they reached and how long they were looked at."""
    model = make_pipeline(StandardScaler(), PoissonRegressor(alpha=0.01, max_iter=500))
    model.fit(described, n_goals / lengths, poissonregressor__sample_weight=lengths)
    expected = float((model.predict(described) * lengths).sum())
    return Rates(model, float(n_goals.sum()) / expected if expected > 0 else 1.0)


def held_goals_of(matrix: Matrix) -> tuple[Mask, Ints]:
    """Return `(n_users,)` whom rates can be learnt from, and how many goals they reached with held-out, new items.

    In a cut by user somebody with nothing held out was not looked at; in a cut by time this is an answer.
    """
    n_users = matrix.histories.shape[0]
    past = np.bincount(matrix.fold("cut").user_idx, minlength=n_users) > 0
    n_goals = np.bincount(matrix.histories.user_idx[matrix.discovered], minlength=n_users)
    looked_at = np.bincount(matrix.histories.user_idx[matrix.held], minlength=n_users) > 0
    return (past if horizon_of(matrix, 0.0).days is not None else past & looked_at), n_goals


def to_base_rate(log_odds: Wide, expected: Wide, n_open: Wide) -> Wide:
    """Move log-odds learnt from one other item a goal to the odds among all items that a user has not touched.

    Each goal was kept, and of the `n_open` other items of a user only as many as goals: sampling by the outcome changes
    the odds by the known factor `expected / n_open` and nothing else.
    Source: King and Zeng 2001, "Logistic regression in rare events data", prior correction (eq. 7); Elkan 2001, "The
    foundations of cost-sensitive learning", theorem 2.

    Args:
        log_odds: `(n,)` of the balanced lesson.
        expected: `(n,)` goals that the pair's user is expected to reach.
        n_open: `(n,)` items that the pair's user has not touched.
    """
    prior = np.clip(expected / np.maximum(n_open, 1.0), 1e-9, 0.5)
    return log_odds + np.log(prior / (1 - prior))
