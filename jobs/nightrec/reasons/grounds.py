"""Which family of sources put an item into a list, and which item of the history lies behind it; NumPy and SciPy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightrec.histories import Floats, Ints, Mask
from nightrec.ranker.candidates import NOBODY
from nightrec.ranker.choose import Ranker
from nightrec.ranker.contributions import contributions
from nightrec.ranker.features import family_of
from nightrec.ranker.sources import FAMILY, ItemSide

FAMILIES = tuple(dict.fromkeys(FAMILY.values()))
LEAST = 1e-6
"""Less likeness than this is none."""


@dataclass(frozen=True)
class Past:
    """A user's history, newest first.

    Attributes:
        items: `(H,)` item_idx.
        weight: `(H,)` fading towards the past.
    """

    items: Ints
    weight: Floats


def listed_shares(ranker: Ranker, described: Floats, inside: Mask, listed: Ints) -> Floats:
    """Return what each family added to the scores of listed candidates.

    Args:
        ranker: Orders the lists.
        described: `(B, C, F)` features of the candidates.
        inside: `(B, C)` false at padding.
        listed: `(B, N)` columns of the candidates, -1 for padding.

    Returns:
        `(B, N, len(FAMILIES))`; zeros at padding.
    """
    place, kept = np.maximum(listed, 0)[:, :, None], listed != NOBODY
    if ranker.chosen == "blend":  # its parts are joined on the scale of all candidates, of which the listed are split
        wanted = np.zeros_like(inside)
        wanted[np.nonzero(kept)[0], listed[kept]] = True
        shares = np.take_along_axis(contributions(ranker, described, inside, wanted), place, axis=1) * kept[:, :, None]
    else:
        shares = contributions(ranker, np.take_along_axis(described, place, axis=1), kept)
    return by_family(shares, ranker.names)


def by_family(shares: Floats, names: Sequence[str]) -> Floats:
    """Add up `(B, N, F)` contributions to `(B, N, len(FAMILIES))`; prices and lengths of histories belong to none."""
    families = [_family(name) for name in names]
    return np.stack(
        [shares[:, :, [f == family for f in families]].sum(axis=2, dtype=np.float32) for family in FAMILIES], axis=2
    )


def behind(near: Floats, past: Past, has_title: Mask) -> int:
    """Find the item of the history that lies behind a listed item, of equal ones the newest.

    Args:
        near: `(H,)` how near each item of the history is to it, at least one.
        past: The history.
        has_title: `(n,)` which items can be named.

    Returns:
        item_idx, -1 where no item of the history that has a title is near.
    """
    named = np.where(has_title[past.items], near, 0.0)
    nearest = int(named.argmax())
    return int(past.items[nearest]) if named[nearest] > LEAST else NOBODY


def nearness(family: str, past: Past, listed: Ints, items: ItemSide) -> Floats:
    """Return how near each item of the history is to each listed one.

    Item-item: the neighbour's weight times recency; other families: the cosine of their item vectors.

    Args:
        family: One of `FAMILIES` but popularity.
        past: The history.
        listed: `(N,)` item_idx.
        items: Item side of all sources.

    Returns:
        `(H, N)`.
    """
    near: Floats
    if family == "item_item":
        near = past.weight[:, None] * np.asarray(items.neighbours[past.items][:, listed].toarray())
    else:
        near = _unit_vectors(family, past.items, items) @ _unit_vectors(family, listed, items).T
    return near


def _unit_vectors(family: str, rows: Ints, items: ItemSide) -> Floats:
    if family == "text":
        vectors = np.hstack([items.text[rows], items.lexical[rows]])
    else:  # the last place of the sequence model's is popularity
        vectors = items.vectors[family][rows, : -1 if family == "sequence" else None]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > LEAST)
    return unit


def _family(feature: str) -> str:
    # How new an item is and how long nobody took it counts as what many take: there is no reason of its own for it.
    family = family_of(feature)
    return "popularity" if family == "recency" else family
