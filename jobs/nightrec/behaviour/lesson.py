"""What the behaviour model learns from: held-out goals, others beside them, candidates, and how active users were."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.behaviour.features import Night, survey
from nightrec.behaviour.model import N_FOLDS, Lesson, folds_of_users
from nightrec.behaviour.pairs import NEGATIVES, Pairs, draw, join, touched
from nightrec.behaviour.rates import Horizon, activity, fit_rates, held_goals_of
from nightrec.histories import Floats, Histories, Ints, Mask, Matrix
from nightrec.next_item import sample

Wide = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Users:
    """All users as of the cut, and what followed.

    Attributes:
        described: `(n_users, 6)` of `activity`.
        looked_at: `(n_users,)` whom rates can be learnt from.
        n_goals: `(n_users,)` that followed.
        lengths: `(n_users,)` how long they were looked at, at least 1.
        n_open: `(n_users,)` items that they had not touched.
    """

    described: Wide
    looked_at: Mask
    n_goals: Ints
    lengths: Wide
    n_open: Wide

    def expected_out_of_fold(self, fold: Ints) -> Wide:
        """Return `(n_users,)` goals as expected by rates that have not seen the user."""
        out = np.zeros(len(fold))
        for held in np.unique(fold):
            known, asked = self.looked_at & (fold != held), fold == held
            rates = fit_rates(self.described[known], self.n_goals[known], self.lengths[known])
            out[asked] = rates.expected(self.described[asked], self.lengths[asked])
        return out


@dataclass(frozen=True)
class Survey:
    """The cut as the models see it: pairs by kind of negatives, and candidates.

    Attributes:
        pairs: By kind of negatives.
        features: `(n, F)` of each of them.
        candidates: Of the users with goals.
        of_candidates: `(C, F)`.
        fold: `(n_users,)`.
    """

    pairs: dict[str, Pairs]
    features: dict[str, Floats]
    candidates: Pairs
    of_candidates: Floats
    fold: Ints

    def lesson(self, negatives: str, columns: Ints | None = None) -> Lesson:
        """Return the pairs of one kind of negatives, all features or some."""
        pairs, features = self.pairs[negatives], self.features[negatives]
        return Lesson(features if columns is None else features[:, columns], pairs.is_goal, self.fold[pairs.user_idx])

    def usable(self) -> list[str]:
        """Return the kinds of negatives that stand beside goals whichever fold of users is left out.

        Users who have met all items, or all that anybody took, leave nothing to draw.
        """
        lessons = {name: self.lesson(name) for name in self.pairs}
        return [
            name
            for name, known in lessons.items()
            if all(len(np.unique(known.is_goal[known.fold != held])) == 2 for held in range(N_FOLDS))
        ]

    def n_rows(self) -> dict[str, int]:
        """Return how many pairs there are, by negatives, and how many candidates."""
        return {name: len(pairs.user_idx) for name, pairs in self.pairs.items()} | {
            "candidates": len(self.of_candidates)
        }

    def of_found(self) -> Lesson:
        """Return the candidates, which are spoken about and never learnt from."""
        return Lesson(self.of_candidates, self.candidates.is_goal, self.fold[self.candidates.user_idx])


def survey_cut(matrix: Matrix, night: Night, max_users: int, sizes: tuple[int, int, int], seed: int) -> Survey:
    """Draw the negatives and describe all that is learnt from, with sources that have not seen what is held out.

    Args:
        matrix: The night's matrix.
        night: What is known of the cut.
        max_users: Users with goals to learn from, and users whose candidates calibrate, at most.
        sizes: As in `survey`.
        seed: Of draws and folds.
    """
    met, n_items = touched(matrix.histories), matrix.histories.shape[1]
    popularity = np.bincount(night.histories.item_idx, minlength=n_items).astype(np.float32)
    chances = {"uniform": np.ones_like(popularity), "popular": popularity}
    goals = sample(matrix.held_goals(matrix.discovered), max_users, seed)
    drawn = {name: draw(goals, met, chances[name], seed + k) for k, name in enumerate(NEGATIVES)}
    asked, went = join(list(drawn.values()))
    looked_at = np.flatnonzero(held_goals_of(matrix)[0])
    looked_at = np.random.default_rng(seed).permutation(looked_at)[:max_users]
    features, found, of_candidates = survey(night, np.union1d(looked_at, asked.user_idx), asked, sizes)
    reached = matrix.histories.where(matrix.discovered).keys()
    is_goal, kept = np.isin(found.user_idx * n_items + found.item_idx, reached), np.isin(found.user_idx, looked_at)
    candidates = Pairs(found.user_idx[kept], found.item_idx[kept], is_goal[kept])
    parts = {name: features[rows] for name, rows in zip(drawn, went, strict=True)}
    return Survey(drawn, parts, candidates, of_candidates[kept], folds_of_users(met.shape[0], seed))


def users_of_cut(matrix: Matrix, horizon: Horizon) -> Users:
    """Describe all users by the cut, and count what followed."""
    cut, (looked_at, n_goals) = matrix.fold("cut"), held_goals_of(matrix)
    n_held = np.bincount(matrix.histories.user_idx[matrix.held], minlength=cut.shape[0])
    lengths = np.ones(len(n_held)) if horizon.days is not None else np.maximum(n_held, 1.0)
    return Users(activity(cut), looked_at, n_goals, lengths, open_items(cut))


def open_items(histories: Histories) -> Wide:
    """Return `(n_users,)` how many items each user has not touched."""
    n_users, n_items = histories.shape
    return (n_items - np.bincount(histories.user_idx, minlength=n_users)).astype(np.float64)
