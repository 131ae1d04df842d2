"""Features of candidates with plain names; NumPy only."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from nightrec.ranker.candidates import NOBODY, Ints
from nightrec.ranker.sides import ITEM_NAMES, price_distance
from nightrec.ranker.sources import FAMILY, ItemSide, UserSide

Floats = npt.NDArray[np.float32]
COUNTS, AGES = "item_users_", ("item_age_days", "item_idle_days")
REPEATS = ("repeat_weight", "repeat_recent_weight")
PRICES = ("item_log_price", "price_distance")


def standardised(block: Floats) -> Floats:
    """Return z-scores of each row `(B, n_items)` over all items; a row that cannot tell items apart becomes zeros."""
    centred = block - block.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    scores: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9)
    return scores


def ranks(scores: Floats, candidates: Ints) -> Floats:
    """Return `(B, C)` places of the scores within each row, from 0; equal scores share their mean place."""
    shown = np.where(candidates == NOBODY, -np.inf, scores)
    out = np.empty(shown.shape, dtype=np.float32)
    for row, values in enumerate(shown):
        ordered = np.sort(-values)
        low, high = np.searchsorted(ordered, -values, "left"), np.searchsorted(ordered, -values, "right")
        out[row] = (low + high - 1) / 2
    return out


def feature_names(sources: Iterable[str]) -> list[str]:
    """Return the names of the columns that `features` makes, in order."""
    of_sources = [f"{source}_{kind}" for source in sources for kind in ("score", "rank")]
    return [*of_sources, *ITEM_NAMES, "price_distance", *REPEATS, "user_history_length"]


def family_of(name: str) -> str:
    """Return what a feature tells of: its source, `popularity`, `recency`, `price`, `repeat`, or else `context`."""
    # Users of an item in a window are its popularity, though no source proposes by them.
    if name.startswith(COUNTS):
        return "popularity"
    if name in AGES:
        return "recency"
    if name in REPEATS:
        return "repeat"
    return "price" if name in PRICES else FAMILY.get(name.rpartition("_")[0], "context")


def features(blocks: Mapping[str, Floats], candidates: Ints, users: UserSide, items: ItemSide) -> Floats:
    """Describe each candidate of each user.

    Args:
        blocks: Scores `(B, n_items)` by source.
        candidates: `(B, C)` item_idx, -1 for padding.
        users: Of the block.
        items: All items.

    Returns:
        `(B, C, F)`: per source the z-score over all items and `-ln(1 + rank)` among the candidates, then the item's
        features, `price_distance`, `ln(1 + weight)` of the item in the history, plain and faded towards the past, and
        `ln(1 + history length)`; zeros at padding.
    """
    place = np.maximum(candidates, 0)
    rows = np.arange(len(place))[:, None]
    pairs = np.broadcast_to(rows, place.shape).ravel(), place.ravel()
    had = [np.asarray(weight[pairs]).reshape(place.shape) for weight in (users.weight, users.recent)]
    columns = []
    for block in blocks.values():
        scores = np.take_along_axis(standardised(block), place, axis=1)
        columns += [scores, -np.log1p(ranks(scores, candidates))]
    of_pairs = [
        price_distance(users, items, rows, place),
        *np.log1p(had),
        np.broadcast_to(np.log1p(users.length)[:, None], place.shape),
    ]
    joined = np.concatenate([np.stack(columns, axis=2), items.described[place], np.stack(of_pairs, axis=2)], axis=2)
    return np.where((candidates == NOBODY)[:, :, None], 0.0, joined).astype(np.float32)
