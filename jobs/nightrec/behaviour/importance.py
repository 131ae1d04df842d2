"""What tells the model of goals whether a user reaches one: SHAP, permutation and Shapley values; NumPy only.

The worth of features is the log loss that they save, in nats a pair, on users whom the models have not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.behaviour.features import NAMES
from nightrec.behaviour.folds import CrossFitted
from nightrec.behaviour.model import Lesson, Model
from nightrec.behaviour.pairs import Pairs
from nightrec.histories import Floats, Ints, Mask
from nightrec.importance.families import family_columns, shapley
from nightrec.importance.rows import Row, importance_rows
from nightrec.importance.slices import user_groups

Wide = npt.NDArray[np.float64]
MAX_PAIRS = {"logistic": 10_000, "trees": 2_000}
"""Pairs, about, that the models are asked about again and again; trees take twenty times as long."""


@dataclass(frozen=True)
class Asked:
    """Pairs with what is known of them.

    Attributes:
        pairs: `n` of them, ordered by user.
        lesson: The same as the models see them.
        lengths: `(n_users,)` items in the history of each user.
        groups: `(n_items,)` members of slices of items.
    """

    pairs: Pairs
    lesson: Lesson
    lengths: Ints
    groups: Mapping[str, Mask]

    def sample(self, n_pairs: int, seed: int) -> "Asked":
        """Keep so many users, drawn at random, that there are about `n_pairs` pairs."""
        users, place = np.unique(self.pairs.user_idx, return_inverse=True)
        n_users = int(np.ceil(len(users) * min(1.0, n_pairs / len(place))))
        kept = np.isin(place, np.random.default_rng(seed).permutation(len(users))[:n_users])
        pairs, known = self.pairs, self.lesson
        return Asked(
            Pairs(pairs.user_idx[kept], pairs.item_idx[kept], pairs.is_goal[kept]),
            Lesson(known.features[kept], known.is_goal[kept], known.fold[kept]),
            self.lengths,
            self.groups,
        )

    def slices(self) -> dict[str, Mask]:
        """Return `(n,)` members by name of the slice."""
        users, place = np.unique(self.pairs.user_idx, return_inverse=True)
        of_users = {name: rows[place] for name, rows in user_groups(self.lengths[users]).items()}
        return of_users | {name: members[self.pairs.item_idx] for name, members in self.groups.items()}


def measure(model: Model, crossed: CrossFitted, asked: Asked, min_users: int, seed: int) -> list[Row]:
    """Measure every feature and every family of sources.

    Args:
        model: The one that tells tonight's probabilities; its contributions are taken.
        crossed: The same fitted on other users; what it loses is taken.
        asked: Goals and others.
        min_users: Slices of fewer users are left out.
        seed: Of the sample and the shuffles.

    Returns:
        Rows of `behaviour_importance` without changes; none for features that are the same for all.
    """
    asked = asked.sample(MAX_PAIRS[model.kind], seed)
    slices, features = asked.slices(), asked.lesson.features
    varies = np.ptp(features, axis=0) > 0
    families = {name: own for name, own in family_columns(NAMES).items() if varies[own].any()}
    shares = [by_user(row, asked, slices) for row in np.abs(model.contributions(features)).T]
    values = {
        "shap": (NAMES, np.stack(shares)),
        "permutation": (NAMES, permutation_rises(crossed, asked, slices, seed)),
        "source": (list(families), family_savings(crossed, asked, slices, list(families.values()))),
    }
    constant = {name for name, told in zip(NAMES, varies, strict=True) if not told}
    return [
        {"model": "behaviour"} | row
        for kind, (names, found) in values.items()
        for row in importance_rows(found, names, list(slices), kind, min_users)
        if row["name"] not in constant
    ]


def by_user(values: Wide, asked: Asked, slices: Mapping[str, Mask]) -> Wide:
    """Average values `(n,)` of pairs over the pairs of each user and slice: `(S, U)`, NaN for users without any."""
    place = np.unique(asked.pairs.user_idx, return_inverse=True)[1]
    sums = np.stack([np.bincount(place, weights=values * inside) for inside in slices.values()])
    counts = np.stack([np.bincount(place, weights=inside) for inside in slices.values()])
    means: Wide = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def surprise(crossed: CrossFitted, features: Floats, lesson: Lesson) -> Wide:
    """Return `(n,)` the log loss in nats of the pairs of a lesson, described by these features."""
    log_odds = crossed.log_odds(features, lesson.fold)
    return np.asarray(np.logaddexp(0, np.where(lesson.is_goal, -log_odds, log_odds)))


def permutation_rises(crossed: CrossFitted, asked: Asked, slices: Mapping[str, Mask], seed: int) -> Wide:
    """Return `(F, S, U)` how much the log loss rises when one feature after the other is shuffled among all pairs."""
    rng, lesson, changed = np.random.default_rng(seed), asked.lesson, asked.lesson.features.copy()
    before, rises = surprise(crossed, changed, lesson), []
    for column in range(changed.shape[1]):
        changed[:, column] = rng.permutation(lesson.features[:, column])
        rises.append(by_user(surprise(crossed, changed, lesson) - before, asked, slices))
        changed[:, column] = lesson.features[:, column]
    return np.stack(rises)


def family_savings(crossed: CrossFitted, asked: Asked, slices: Mapping[str, Mask], families: list[list[int]]) -> Wide:
    """Share the log loss that all features save among the families; outside a coalition stands the mean of all pairs.

    Returns:
        `(len(families), S, U)`; the sum over families is what all of them save over none.
    """
    known = asked.lesson.features
    middle = known.mean(axis=0, dtype=np.float64).astype(np.float32)

    def worth(columns: list[int]) -> Wide:
        kept = np.isin(np.arange(known.shape[1]), columns)
        return by_user(-surprise(crossed, np.where(kept, known, middle), asked.lesson), asked, slices)

    return shapley(worth, families)
