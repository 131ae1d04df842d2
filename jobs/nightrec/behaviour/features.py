"""Describe users and items to the behaviour model by the ranker's sources, and pick each user's candidates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.behaviour.pairs import Pairs
from nightrec.histories import Floats, Histories, Ints, Mask
from nightrec.ranker.candidates import NOBODY, candidates_of
from nightrec.ranker.choose import Ranker
from nightrec.ranker.features import family_of, features, standardised
from nightrec.ranker.sides import ITEM_NAMES, Learnt, price_distance, user_side
from nightrec.ranker.sources import FAMILY, ItemSide, UserSide, score_blocks

OF_PAIRS = ["price_distance", "user_history_length", "user_goal_frac", "item_goal_frac"]
NAMES = [*(f"{source}_{kind}" for source in FAMILY for kind in ("score", "rank")), *ITEM_NAMES, *OF_PAIRS]
TEXT_COLUMNS = [column for column, name in enumerate(NAMES) if family_of(name) == "text"]
"""What the model without texts does not see."""
PRIOR_ROWS = 5.0
"""Rows of average outcome that every goal share begins with, so that one goal in one row is no certainty."""


@dataclass(frozen=True)
class Night:
    """What the sources know of one fold.

    Attributes:
        histories: Rows of the fold.
        learnt: Vectors of the fold.
        items: Item side of the fold.
        ranker: What orders candidates.
        seen: `(n_users, n_items)` entries at pairs that are no candidates.
        shown: `(n_items,)` which items can be candidates.
    """

    histories: Histories
    learnt: Learnt
    items: ItemSide
    ranker: Ranker
    seen: sp.csr_matrix
    shown: Mask


def survey(night: Night, users: Ints, asked: Pairs, sizes: tuple[int, int, int]) -> tuple[Floats, Pairs, Floats]:
    """Describe pairs that are asked for, and each user's best candidates.

    Args:
        night: What is known.
        users: Rising user_idx; those of `asked` are among them.
        asked: `P` pairs.
        sizes: Candidates of every source, best of them a user, and users scored at once.

    Returns:
        `(P, F)` features of the pairs asked for in the order of `NAMES`, the candidates, best first, and their
        features `(C, F)`.
    """
    blocks = list(_blocks(night, users, asked, sizes))
    candidates = Pairs(*(np.concatenate([block[part] for block in blocks]) for part in (1, 2, 3)))
    return np.concatenate([block[0] for block in blocks]), candidates, np.concatenate([block[4] for block in blocks])


def _blocks(
    night: Night, users: Ints, asked: Pairs, sizes: tuple[int, int, int]
) -> Iterator[tuple[Floats, Ints, Ints, Mask, Floats]]:
    k, n_best, block_rows = sizes
    shares = goal_shares(night.histories)
    for start in range(0, len(users), block_rows):
        block = users[start : start + block_rows]
        side = user_side(night.histories, night.learnt, block)
        scores = score_blocks(side, night.items)
        found = best_candidates(night, scores, block, side, (k, n_best))
        row, place = np.nonzero(found != NOBODY)
        low, high = np.searchsorted(asked.user_idx, [block[0], block[-1] + 1])
        rows = np.concatenate([np.searchsorted(block, asked.user_idx[low:high]), row])
        items = np.concatenate([asked.item_idx[low:high], found[row, place]])
        of_sources = source_features(scores, night.seen[block], rows, items)
        owners = block[rows]
        distance = price_distance(side, night.items, rows, items)
        of_pairs = [distance, np.log1p(side.length)[rows], shares[0][owners], shares[1][items]]
        described = np.hstack([of_sources, night.items.described[items], np.stack(of_pairs, axis=1)])
        n, joined = high - low, described.astype(np.float32)
        yield joined[:n], owners[n:], items[n:], np.zeros(len(row), np.bool_), joined[n:]


def best_candidates(
    night: Night, scores: Mapping[str, Floats], users: Ints, side: UserSide, sizes: tuple[int, int]
) -> Ints:
    """Return `(B, <=n)` the ranker's best items of each user, best first, -1 where there are no more."""
    k, n_best = sizes
    found = candidates_of(scores, side, night.seen[users], k, night.shown)
    inside = found != NOBODY
    described = features(scores, found, side, night.items)
    ranked = night.ranker.listed_scores(described, inside, night.items.nobody_met(found))
    order = np.argsort(-np.where(inside, ranked, -np.inf), axis=1, kind="stable")[:, :n_best]
    return np.take_along_axis(found, order, axis=1)


def source_features(scores: Mapping[str, Floats], seen: sp.csr_matrix, rows: Ints, items: Ints) -> Floats:
    """Return two columns a source: z-score over all items, and `-ln(1 + rank)` among those not seen.

    The rank is of no list, so it means the same for a candidate and for an item drawn at random.

    Args:
        scores: `(B, n_items)` by source.
        seen: `(B, n_items)`.
        rows: `(P,)` row of each pair.
        items: `(P,)` item of each pair.

    Returns:
        `(P, 2 * sources)`; equal scores share their mean rank.
    """
    hidden = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr)), seen.indices
    of_row = [np.flatnonzero(rows == row) for row in range(seen.shape[0])]
    out = np.empty((len(rows), 2 * len(scores)), np.float32)
    for column, block in enumerate(scores.values()):
        out[:, 2 * column] = standardised(block)[rows, items]
        rising, values = -block, -block[rows, items]
        rising[hidden] = np.inf
        rising.sort(axis=1)
        for row, mine in enumerate(of_row):
            low, high = (np.searchsorted(rising[row], values[mine], side) for side in ("left", "right"))
            out[mine, 2 * column + 1] = -np.log1p(np.maximum(low + high - 1, 0) / 2)
    return out


def goal_shares(histories: Histories) -> tuple[Floats, Floats]:
    """Return `(n_users,)` and `(n_items,)` shares of the rows that reached the goal, drawn towards the average."""
    average = float(histories.has_goal.mean()) if len(histories.has_goal) else 0.0
    shares = []
    for idx, n in zip((histories.user_idx, histories.item_idx), histories.shape, strict=True):
        goals = np.bincount(idx, weights=histories.has_goal, minlength=n) + PRIOR_ROWS * average
        shares.append((goals / (np.bincount(idx, minlength=n) + PRIOR_ROWS)).astype(np.float32))
    return shares[0], shares[1]
