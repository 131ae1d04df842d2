"""Features of candidates with plain names; NumPy only."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from nightrec.ranker.candidates import NOBODY, Ints

Floats = npt.NDArray[np.float32]


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


def feature_names(sources: Mapping[str, Floats] | list[str], item_names: list[str]) -> list[str]:
    """Return the names of the columns that `features` makes, in order."""
    of_sources = [f"{source}_{kind}" for source in sources for kind in ("score", "rank")]
    return [*of_sources, *item_names, "user_history_length"]


def features(blocks: Mapping[str, Floats], candidates: Ints, items: Floats, history_length: Ints) -> Floats:
    """Describe each candidate of each user.

    Args:
        blocks: Scores `(B, n_items)` by source.
        candidates: `(B, C)` item_idx, -1 for padding.
        items: `(n_items, I)` one row of features an item.
        history_length: `(B,)` items of each user.

    Returns:
        `(B, C, F)`: per source the z-score over all items and `-ln(1 + rank)` among the candidates, then the item's
        features and `ln(1 + history length)`; zeros at padding.
    """
    place = np.maximum(candidates, 0)
    columns = []
    for block in blocks.values():
        scores = np.take_along_axis(standardised(block), place, axis=1)
        columns += [scores, -np.log1p(ranks(scores, candidates))]
    length = np.broadcast_to(np.log1p(history_length)[:, None], candidates.shape)
    joined = np.concatenate([np.stack(columns, axis=2), items[place], length[:, :, None]], axis=2)
    return np.where((candidates == NOBODY)[:, :, None], 0.0, joined).astype(np.float32)
