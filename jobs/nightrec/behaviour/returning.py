"""The probability that a user comes back within some days, learnt from what followed earlier moments."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.behaviour.metrics import Interval, summary
from nightrec.behaviour.model import fit, sigmoid
from nightrec.histories import SECONDS_PER_DAY, Floats, Ints, Mask

Wide = npt.NDArray[np.float64]
N_MOMENTS = 6
MIN_OUTCOMES = 20
"""Returns, and absences, that both the lesson and its check need."""


@dataclass(frozen=True)
class Visits:
    """Events of users, impressions left out.

    Attributes:
        user_idx: `(n,)`.
        at: `(n,)` seconds.
        is_written: `(n,)` reviews, questions and searches.
        n_users: Number of users.
    """

    user_idx: Ints
    at: Wide
    is_written: Mask
    n_users: int

    def until(self, moment: float) -> "Visits":
        """Keep what had happened by a moment."""
        rows = self.at <= moment
        return Visits(self.user_idx[rows], self.at[rows], self.is_written[rows], self.n_users)


def describe_visits(visits: Visits, moment: float, days: int) -> tuple[Floats, Mask]:
    """Describe what users had done by a moment: how often and how much they wrote in windows, recency, gaps, tenure.

    Args:
        visits: Later ones are passed over.
        moment: Seconds.
        days: Shortest window; the others are three and twelve times as long, and all time.

    Returns:
        `(n_users, 11)` float32 logarithms, and `(n_users,)` who had been there at all.
    """
    known = visits.until(moment)
    age, n_users = (moment - known.at) / SECONDS_PER_DAY, known.n_users
    windows = [age < days, age < 3 * days, age < 12 * days, age >= 0]
    wanted = [*windows, known.is_written & windows[0], known.is_written & windows[2]]
    counts = [np.bincount(known.user_idx, weights=rows, minlength=n_users) for rows in wanted]
    seen_days = np.unique(known.user_idx * 100_000 + (known.at // SECONDS_PER_DAY).astype(np.int64))
    active_days = np.bincount(seen_days // 100_000, minlength=n_users)
    idle, tenure = np.full(n_users, np.inf), np.zeros(n_users)
    np.minimum.at(idle, known.user_idx, age)
    np.maximum.at(tenure, known.user_idx, age)
    idle = np.where(active_days > 0, idle, 0.0)
    gap = (tenure - idle) / np.maximum(active_days - 1, 1)
    columns = [*counts, active_days, idle, tenure, gap, idle / (gap + 1.0)]
    return np.log1p(np.stack(columns, axis=1)).astype(np.float32), active_days > 0


def returned(visits: Visits, moment: float, days: int) -> Mask:
    """Return `(n_users,)` who had an event within some days after a moment."""
    rows = (visits.at > moment) & (visits.at <= moment + days * SECONDS_PER_DAY)
    return np.bincount(visits.user_idx[rows], minlength=visits.n_users) > 0


def chance_of_return(visits: Visits, days: int) -> tuple[Wide, dict[str, Interval], str | None]:
    """Learn from earlier moments `days` apart, and tell what follows the newest event.

    The newest moment that has an outcome is told by a model of the moments before it, and measured.

    Args:
        visits: All of the log.
        days: How far ahead.

    Returns:
        `(n_users,)` probabilities, NaN where there is none; the metrics; and why there are none, or None.
    """
    last = float(visits.at.max(initial=0.0))
    first = float(visits.at.min(initial=last))
    moments = [last - k * days * SECONDS_PER_DAY for k in range(1, N_MOMENTS + 1)]
    moments = [moment for moment in moments if moment - first >= days * SECONDS_PER_DAY]
    lessons = [_lesson(visits, moment, days) for moment in moments]
    nothing = np.full(visits.n_users, np.nan)
    if not _is_enough(lessons[:1]) or not _is_enough(lessons[1:]):
        return nothing, {}, f"too little to learn from: fewer than {MIN_OUTCOMES} returns, or absences, in {days} days"
    newest, outcome = lessons[0]
    check = fit("logistic", *_stacked(lessons[1:]), seed=0)
    measures = {k: Interval(v) for k, v in summary(sigmoid(check.margins(newest)), outcome).items()}
    described, known = describe_visits(visits, last, days)
    chance = sigmoid(fit("logistic", *_stacked(lessons), seed=0).margins(described))
    return np.where(known, chance, np.nan), measures, None


def _lesson(visits: Visits, moment: float, days: int) -> tuple[Floats, Mask]:
    described, known = describe_visits(visits, moment, days)
    return described[known], returned(visits, moment, days)[known]


def _stacked(lessons: list[tuple[Floats, Mask]]) -> tuple[Floats, Mask]:
    return np.concatenate([rows for rows, _ in lessons]), np.concatenate([outcome for _, outcome in lessons])


def _is_enough(lessons: list[tuple[Floats, Mask]]) -> bool:
    if not lessons:
        return False
    outcome = _stacked(lessons)[1]
    return bool(min(outcome.sum(), (~outcome).sum()) >= MIN_OUTCOMES)
