"""All three kinds of importance of a ranker, overall and by slice; NumPy only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nightrec.histories import Floats, Ints, Mask
from nightrec.importance.families import family_columns, family_shares
from nightrec.importance.listed import listed_shares
from nightrec.importance.permutation import permutation_drops
from nightrec.importance.rows import Row, importance_rows
from nightrec.importance.slices import make_slices
from nightrec.ranker.choose import CrossFitted, Ranker
from nightrec.ranker.describe import Lesson


@dataclass(frozen=True)
class ImportancePlan:
    """How importance is measured.

    Attributes:
        top_n: Length of a list.
        min_users: Slices of fewer users are left out.
        seed: Of the sample and the shuffles.
        max_rows: Candidates, at most, that a weighted sum is asked for at once; users are sampled to keep to it.
        max_rows_of_trees: The same for trees, which take twenty times as long.
    """

    top_n: int
    min_users: int
    seed: int
    max_rows: int = 500_000
    max_rows_of_trees: int = 80_000


@dataclass(frozen=True)
class Groups:
    """What slices are made of.

    Attributes:
        lengths: `(U,)` items in the history of each user of the lesson.
        items: `(n_items,)` members by name of the slice.
        unmet: `(n_items,)` whether nobody had met an item, of which lists have an order of their own.
    """

    lengths: Ints
    items: Mapping[str, Mask]
    unmet: Mask


def measure(ranker: Ranker, crossed: CrossFitted, lesson: Lesson, groups: Groups, plan: ImportancePlan) -> list[Row]:
    """Measure every feature and every family of sources.

    Args:
        ranker: The one that orders tonight's lists; its contributions are taken.
        crossed: The same fitted on other users; what it loses is taken.
        lesson: Of `U` users.
        groups: What slices are made of.
        plan: How.

    Returns:
        Rows of `feature_importance` without changes; none for features that are the same for all.
    """
    is_slow = ranker.chosen in ("trees", "blend")
    budget = plan.max_rows_of_trees if is_slow else plan.max_rows
    n_users = max(plan.min_users, budget // lesson.candidates.shape[1])
    rows = np.sort(np.random.default_rng(plan.seed).permutation(len(lesson.goals))[:n_users])
    lesson, crossed = lesson.where(rows).shuffled(plan.seed), crossed.where(rows)
    slices = make_slices(lesson, groups.lengths[rows], groups.items)
    varies = np.ptp(lesson.features[lesson.inside], axis=0) > 0
    families = {name: own for name, own in family_columns(ranker.names).items() if varies[own].any()}
    nobody_met = groups.unmet[lesson.candidates]

    def score(features: Floats, inside: Mask) -> Floats:
        return crossed.listed_scores(features, inside, nobody_met)

    values = {
        "shap": (ranker.names, listed_shares(ranker, lesson, nobody_met, slices, plan.top_n)),
        "permutation": (ranker.names, permutation_drops(score, lesson, slices, plan.seed)),
        "source": (list(families), family_shares(score, lesson, slices, families)),
    }
    parts = [part.name for part in slices]
    constant = {name for name, told in zip(ranker.names, varies, strict=True) if not told}
    return [
        {"model": "ranker"} | row
        for kind, (names, found) in values.items()
        for row in importance_rows(found, names, parts, kind, plan.min_users)
        if row["name"] not in constant
    ]


def top_names(rows: list[Row], kind: str, n: int = 5) -> list[str]:
    """Return the `n` names of a kind with the largest values over all users, largest first."""
    overall = [row for row in rows if row["kind"] == kind and row["slice"] == "all"]
    return [str(row["name"]) for row in sorted(overall, key=lambda row: -row["value"])[:n]]
