"""From ranked candidates to lists: the rules of the domain; NumPy only."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.ranker.candidates import NOBODY, Floats, Ints
from nightrec.ranker.choose import row_standardised
from nightrec.rules_settings import FIRST_PLACES
from nightrec.scoring.exploration import Wide, draw, explored_places
from nightrec.scoring.novelty import Novelty
from nightrec.scoring.remaining import Mask, Remaining

QUANTUM = 1e-5
"""Scores and gains are rounded to this, so that the order does not hang on the last bit of a sum."""
CONSIDERED = 4
"""Candidates whose texts are compared, in lengths of the list."""
MAX_CELLS = 2**25
"""Numbers that the comparison of texts holds at once: 128 MB."""


@dataclass(frozen=True)
class Rules:
    """The rules of a domain; the defaults keep the ranker's order.

    Attributes:
        categories: `(n_items, K)` a one for each category of an item; None for no cap.
        max_per_category: The cap.
        diversity_weight: 0 to 1.
        explore_slots: Places that are filled by a draw.
        explore_pool: Items that they draw from.
        night: Domain and run date; makes the draws.
    """

    categories: sp.csr_matrix | None = None
    max_per_category: int = 0
    diversity_weight: float = 0.0
    explore_slots: int = 0
    explore_pool: int = 1
    night: str = ""


@dataclass(frozen=True)
class Ranked:
    """The candidates of a block of users, each user's best first.

    Attributes:
        items: `(B, C)` item_idx, -1 for padding at the end.
        scores: `(B, C)`, -inf at padding.
        chances: `(B, explore_slots)` in [0, 1).
    """

    items: Ints
    scores: Wide
    chances: Wide

    def users(self, start: int, n: int) -> "Ranked":
        """Keep `n` users."""
        rows = slice(start, start + n)
        return Ranked(self.items[rows], self.scores[rows], self.chances[rows])


def make_lists(ranked: Ranked, text: Floats, top_n: int, rules: Rules) -> tuple[Ints, Wide]:
    """Choose what is listed, and where.

    Most places take the best candidates in the order of `rules.diversity_weight` that keep to the cap; where too few
    do, the list is filled with the best of those whose categories are least above it. Explored places then draw from
    the best other candidates that keep to it, and where these run out from those least above it.

    Args:
        ranked: The candidates.
        text: `(n_items, D)` unit vectors; zeros without text.
        top_n: Length of a list.
        rules: How.

    Returns:
        `(B, top_n)` columns of the candidates, -1 at the end of lists that are too short, and `(B, top_n)` the
        probability of each place's item given the places before it: 1 except where it was drawn.
    """
    cells = min(CONSIDERED * top_n, ranked.items.shape[1]) * (text.shape[1] + top_n)
    step = max(1, MAX_CELLS // cells) if rules.diversity_weight > 0 else len(ranked.items)
    parts = [_lists(ranked.users(start, step), text, top_n, rules) for start in range(0, len(ranked.items), step)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def falling(scores: Wide) -> Wide:
    """Return `(B, n)` the highest score from each place on: scores fall with the rank wherever rules put an item."""
    raised: Wide = np.maximum.accumulate(scores[:, ::-1], axis=1)[:, ::-1]
    return raised


def _lists(ranked: Ranked, text: Floats, top_n: int, rules: Rules) -> tuple[Ints, Wide]:
    remaining = Remaining(ranked.items, rules.categories, rules.max_per_category)
    slots = explored_places(top_n, rules.explore_slots, FIRST_PLACES)
    listed, propensity = np.full((len(ranked.items), top_n), NOBODY), np.ones((len(ranked.items), top_n))
    settled = np.setdiff1d(np.arange(top_n), slots)
    listed[:, settled] = _settle(ranked, text, len(settled), rules, remaining)
    outside = remaining.open(remaining.left)
    pool: Mask = outside & (np.cumsum(outside, axis=1) <= rules.explore_pool)
    for slot, chance in zip(slots, ranked.chances.T, strict=True):
        free = remaining.open(remaining.left)
        inside, rest = pool & free, free & (np.cumsum(free, axis=1) <= rules.explore_pool)
        listed[:, slot], propensity[:, slot] = draw(np.where(inside.any(axis=1, keepdims=True), inside, rest), chance)
        remaining.take(listed[:, slot])
    packed = np.argsort(listed == NOBODY, axis=1, kind="stable")
    return np.take_along_axis(listed, packed, axis=1), np.take_along_axis(propensity, packed, axis=1)


def _settle(ranked: Ranked, text: Floats, n: int, rules: Rules, remaining: Remaining) -> Ints:
    """List `n` candidates a user; `(B, n)` columns, -1 where there are no more."""
    if rules.categories is None and rules.diversity_weight == 0:  # one by one would give the same, a long list late
        first = remaining.left & (np.arange(remaining.left.shape[1]) < n)
        remaining.left &= ~first
        return np.where(np.arange(n) < first.sum(axis=1, keepdims=True), np.arange(n), NOBODY)
    inside = remaining.left.copy()
    worth = row_standardised(ranked.scores.astype(np.float32), inside)
    novelty = _novelty(ranked, text, n, rules) if rules.diversity_weight > 0 else None
    picks = np.full((len(inside), n), NOBODY)
    for place in range(n):
        can = remaining.open(inside)
        gains = worth if novelty is None else np.rint(novelty.gains(worth) / QUANTUM)
        picks[:, place] = np.where(can.any(axis=1), np.where(can, gains, -np.inf).argmax(axis=1), NOBODY)
        remaining.take(picks[:, place])
        if novelty is not None:
            novelty.take(picks[:, place])
    return picks


def _novelty(ranked: Ranked, text: Floats, n: int, rules: Rules) -> Novelty:
    considered = ranked.items[:, : CONSIDERED * (n + rules.explore_slots)]
    return Novelty(text[np.maximum(considered, 0)], n, rules.diversity_weight)
