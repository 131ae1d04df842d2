"""Fit the simple and the flexible ranker, and let held-out users say which one orders tonight's lists."""

from dataclasses import dataclass, field, replace

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from nightrec.ranker.describe import Lesson
from nightrec.ranker.linear import Linear, fit_linear
from nightrec.ranker.sources import FAMILY
from nightrec.ranker.trees import TreesPlan, fit_trees, tree_scores

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

N_FOLDS = 2


@dataclass(frozen=True)
class RankerPlan:
    """How the ranker is fitted and chosen.

    Attributes:
        ridge: Of the linear parts, shared by the users to learn from: fewer users, a stronger pull to zero. At 3, 10,
            30, 100 and 300 the sum of all features had a cross-validated NDCG@10 of 0.110 0.110 0.109 0.109 0.106 on
            MovieLens (621 users), at 1, 10, 30, 100 and 300 of 0.078 0.086 0.087 0.087 0.086 on Instruments (239).
        trees: Of the trees.
        min_users_for_trees: With fewer users to learn from, trees are not tried.
    """

    ridge: float = 30.0
    trees: TreesPlan = field(default_factory=TreesPlan)
    min_users_for_trees: int = 1000


@dataclass(frozen=True)
class Ranker:
    """A fitted ranker.

    Attributes:
        names: The F features, in order.
        simple: Columns of the features that are scores of sources.
        fusion: Weighted sum of the sources' scores alone.
        linear: Weighted sum of all features.
        trees: LambdaRank, or None where it was not tried.
        unmet: Weighted sum of what tells items without history apart; these share their scores out in its order.
        chosen: Which of `parts` orders the lists.
    """

    names: list[str]
    simple: list[int]
    fusion: Linear
    linear: Linear
    trees: lgb.Booster | None
    unmet: Linear
    chosen: str

    def parts(self, features: Floats, inside: Mask) -> dict[str, Floats]:
        """Score candidates `(U, C, F)` in every way there is; `(U, C)` each, comparable within a row only."""
        out = {"fusion": self.fusion.scores(features[:, :, self.simple]), "linear": self.linear.scores(features)}
        if self.trees is not None:
            out["trees"] = tree_scores(self.trees, features, inside)
            out["blend"] = row_standardised(out["linear"], inside) + row_standardised(out["trees"], inside)
        return out

    def listed_scores(self, features: Floats, inside: Mask, nobody_met: Mask) -> Floats:
        """Score candidates as lists order them, `(U, C)`: as `scores`, but those that nobody met by `unmet`."""
        return reordered(self.scores(features, inside), inside & nobody_met, self.unmet_scores(features))

    def unmet_scores(self, features: Floats) -> Floats:
        """Score candidates by what tells items apart that nobody has met, `(U, C)`."""
        return self.unmet.scores(features[:, :, unmet_columns(self.names)])

    def scores(self, features: Floats, inside: Mask) -> Floats:
        """Score candidates in the chosen way, `(U, C)`."""
        if self.chosen == "fusion":
            return self.fusion.scores(features[:, :, self.simple])
        if self.chosen == "linear":
            return self.linear.scores(features)
        return self.parts(features, inside)[self.chosen]


@dataclass(frozen=True)
class CrossFitted:
    """Rankers that have not seen the users whom they score.

    Attributes:
        fold: `(U,)` place in `rankers` of the one that did not learn from the user.
        rankers: One a fold.
    """

    fold: Ints
    rankers: list[Ranker]

    def parts(self, features: Floats, inside: Mask) -> dict[str, Floats]:
        """Score as `Ranker.parts`, in the ways that every fold has."""
        rows = [self.fold == held for held in range(len(self.rankers))]
        scored = [one.parts(features[row], inside[row]) for one, row in zip(self.rankers, rows, strict=True)]
        out = {part: np.zeros(inside.shape, np.float32) for part in scored[0] if all(part in of for of in scored)}
        for part, scores in out.items():
            for row, of_fold in zip(rows, scored, strict=True):
                scores[row] = of_fold[part]
        return out

    def listed_scores(self, features: Floats, inside: Mask, nobody_met: Mask) -> Floats:
        """Score candidates as `Ranker.listed_scores`, `(U, C)`."""
        out = np.zeros(inside.shape, np.float32)
        for held, ranker in enumerate(self.rankers):
            row = self.fold == held
            out[row] = ranker.listed_scores(features[row], inside[row], nobody_met[row])
        return out

    def where(self, rows: Ints) -> "CrossFitted":
        """Keep some users."""
        return CrossFitted(self.fold[rows], self.rankers)


def unmet_columns(names: list[str]) -> list[int]:
    """Return the columns of the scores of sources that can tell items apart that nobody has met."""
    of_unmet = [f"{source}_score" for source, family in FAMILY.items() if family in ("text", "sequence")]
    return [column for column, name in enumerate(names) if name in of_unmet]


def reordered(scores: Floats, some: Mask, by: Floats) -> Floats:
    """Share the scores of some candidates of each row out among them in another order.

    What is learnt from items that users met says little of how to order those that nobody has met: of these the
    collaborative sources know nothing. NDCG@10 of new items by all features, by `text` scores and ranks, and by scores
    of `text` and `sequence`: MovieLens 0.044, 0.064, 0.063 (seed 11), Toys 0.080, 0.071, 0.078 (seed 3).

    Args:
        scores: `(U, C)`.
        some: `(U, C)` which candidates.
        by: `(U, C)` the order, higher is better; of equal ones the first.
    """
    rows, columns = np.nonzero(some)
    best_first, largest_first = (np.lexsort((-part[rows, columns], rows)) for part in (by, scores))
    out = scores.copy()
    out[rows, columns[best_first]] = scores[rows, columns[largest_first]]
    return out


def row_standardised(scores: Floats, inside: Mask) -> Floats:
    """Return z-scores of each row over its candidates; zeros at padding."""
    n = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    centred = np.where(inside, scores - np.where(inside, scores, 0).sum(axis=1, keepdims=True) / n, 0)
    spread = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n)
    unit: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9).astype(np.float32)
    return unit


def list_ndcg(scores: Floats, inside: Mask, relevant: Mask, n_relevant: Ints, k: int = 10) -> npt.NDArray[np.float64]:
    """Return `(U,)` NDCG@k; relevant items that are no candidates count as missed.

    Args:
        scores: `(U, C)`.
        inside: `(U, C)` false at padding.
        relevant: `(U, C)`.
        n_relevant: `(U,)` how many there are in all.
        k: Length of the list.
    """
    order = np.argsort(-np.where(inside, scores, -np.inf), axis=1, kind="stable")[:, :k]
    gain = 1.0 / np.log2(np.arange(2, k + 2))
    hits = np.take_along_axis(relevant, order, axis=1)
    ideal = np.cumsum(gain)[np.clip(n_relevant, 1, k) - 1]
    return np.asarray((hits * gain[: hits.shape[1]]).sum(axis=1) / ideal)


def fit_parts(lesson: Lesson, names: list[str], plan: RankerPlan, chosen: str, with_trees: bool) -> Ranker:
    """Fit every part on all users of a lesson."""
    features, inside, relevant = lesson.features, lesson.inside, lesson.relevant
    simple = [column for column, name in enumerate(names) if name.endswith("_score")]
    grown = fit_trees(features, inside, relevant, names, plan.trees) if with_trees else None
    ridge = plan.ridge / max(1, int(relevant.any(axis=1).sum()))
    fusion = fit_linear(features[:, :, simple], inside, relevant, ridge)
    linear = fit_linear(features, inside, relevant, ridge)
    unmet = fit_linear(features[:, :, unmet_columns(names)], inside, relevant, ridge)
    return Ranker(names, simple, fusion, linear, grown, unmet, chosen)


def choose_ranker(
    lesson: Lesson, names: list[str], seed: int, plan: RankerPlan
) -> tuple[Ranker, dict[str, float], CrossFitted]:
    """Cross-validate the parts over users, then fit them on all users.

    Args:
        lesson: Users with something held out.
        names: Of its features.
        seed: Of the folds.
        plan: How.

    Returns:
        The ranker, which uses the part with the best NDCG@10, the NDCG@10 by part, and the rankers of the
        cross-validation, which use the same part. The sum of scores alone is measured but not chosen: it is the sum of
        all features with less to say, and where there are so few users that it looks better, chance says so.
    """
    fold = np.random.default_rng(seed).permutation(len(lesson.goals)) % N_FOLDS
    learn = [lesson.where(np.flatnonzero(fold != held)) for held in range(N_FOLDS)]
    with_trees = len(lesson.goals) >= plan.min_users_for_trees
    rankers = [fit_parts(part, names, plan, "fusion", with_trees) for part in learn]
    scored = CrossFitted(fold, rankers).parts(lesson.features, lesson.inside)
    truth = lesson.inside, lesson.relevant, lesson.n_relevant
    report = {part: float(list_ndcg(scores, *truth).mean()) for part, scores in scored.items()}
    chosen = max((part for part in report if part != "fusion"), key=lambda part: report[part])
    crossed = CrossFitted(fold, [replace(ranker, chosen=chosen) for ranker in rankers])
    return fit_parts(lesson, names, plan, chosen, with_trees), report, crossed


def equal_fusion(names: list[str]) -> Ranker:
    """Return the ranker of a night with nothing to learn from: the sum of the sources' scores."""
    simple = [column for column, name in enumerate(names) if name.endswith("_score")]
    plain = [np.zeros(len(names)), np.ones(len(names)), np.isin(np.arange(len(names)), simple).astype(np.float64)]
    fusion, unmet = (Linear(*[part[columns] for part in plain]) for columns in (simple, unmet_columns(names)))
    return Ranker(names, simple, fusion, Linear(*plain), None, unmet, "fusion")
