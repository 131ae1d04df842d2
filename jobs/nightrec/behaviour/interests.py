"""What users look for now: the categories and words whose items lie nearest to them; NumPy, SciPy and scikit-learn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from nightrec.histories import Floats, Histories, Ints
from nightrec.ranker.item_item import places_from_newest
from nightrec.vectors import unit

NEWEST = 10
"""Newest items of a user that count; the newest once, the second a half, and so on."""
MIN_ITEMS = 5
"""Items that a category or word needs, so that its mean is of the thing and not of one item."""
MAX_ITEMS_FRAC = 0.1
"""Words of more items than this say little of any."""
N_ASPECTS = 200
BLOCK = 4096
"""Users compared with all topics at once."""


@dataclass(frozen=True)
class Topics:
    """Categories or words.

    Attributes:
        names: `T` of them.
        centres: `(T, dim)` unit vectors.
        members: `(n_items, T)` which items have them.
    """

    names: list[str]
    centres: Floats
    members: sp.csr_matrix


def categories(labels: Sequence[str | None], text: Floats) -> Topics:
    """Return the categories of enough items.

    Args:
        labels: `n_items` categories joined with a bar.
        text: `(n_items, dim)` unit vectors without their common mean.
    """
    counted = CountVectorizer(tokenizer=lambda label: [part for part in label.split("|") if part], lowercase=False,
                              token_pattern=None, binary=True)  # fmt: skip
    return _topics(counted, [label or "" for label in labels], text, len(labels))


def aspects(told: Sequence[Collection[str]], text: Floats) -> Topics:
    """Return the words whose items are most alike in the language model; function words mix everything.

    Args:
        told: `n_items` words that are nobody's own: of the catalogue, or such as reviewers agree on.
        text: `(n_items, dim)` unit vectors without their common mean.
    """
    found = _topics(CountVectorizer(analyzer=list, binary=True), told, text, int(MAX_ITEMS_FRAC * len(told)))
    if not found.names:
        return found
    n = np.asarray(found.members.sum(axis=0)).ravel()
    total = np.linalg.norm(found.members.T @ text, axis=1) ** 2
    likeness = (total - n) / (n * (n - 1))  # mean cosine of two different items with the word
    best = np.sort(np.argsort(-likeness, kind="stable")[:N_ASPECTS])
    return Topics([found.names[k] for k in best], found.centres[best], found.members[:, best])


def _topics(counter: CountVectorizer, texts: Sequence[str | Collection[str]], text: Floats, max_items: int) -> Topics:
    try:
        members = sp.csr_matrix(counter.fit_transform(texts), dtype=np.float32)
    except ValueError:  # what scikit-learn raises where no text has a word
        return Topics(
            [], np.zeros((0, text.shape[1]), np.float32), sp.csr_matrix(np.zeros((len(texts), 0), np.float32))
        )
    n = np.asarray(members.sum(axis=0)).ravel()
    kept = np.flatnonzero((n >= MIN_ITEMS) & (n <= max_items))
    names = counter.get_feature_names_out()
    return Topics([str(names[k]) for k in kept], unit(members[:, kept].T @ text), members[:, kept])


def newest_items(histories: Histories) -> sp.csr_matrix:
    """Return `(n_users, n_items)` weights of each user's newest items."""
    place = places_from_newest(histories.user_idx)
    rows = place < NEWEST
    pairs = histories.user_idx[rows], histories.item_idx[rows]
    return sp.csr_matrix(((1.0 / (1.0 + place[rows])).astype(np.float32), pairs), histories.shape)


def profiles(newest: sp.csr_matrix, text: Floats, wrote: Floats) -> Floats:
    """Return `(n_users, dim)` unit vectors of newest items and of what users wrote, both without their means."""
    return unit(unit(newest @ text) + wrote)


def nearest(profile: Floats, topics: Topics, n: int) -> tuple[Ints, Floats]:
    """Return `(n_users, <=n)` the nearest topics of each user, nearest first, and their cosines."""
    chosen, cosines = [], []
    for start in range(0, len(profile), BLOCK):
        scores = profile[start : start + BLOCK] @ topics.centres.T
        chosen.append(np.argsort(-scores, axis=1, kind="stable")[:, :n])
        cosines.append(np.take_along_axis(scores, chosen[-1], axis=1))
    return np.concatenate(chosen), np.concatenate(cosines)


def lift(chosen: Ints, topics: Topics, goals: Sequence[tuple[int, Ints]]) -> float:
    """Return how much more often held-out goals have a user's topics than they have these topics in general.

    Args:
        chosen: `(n_users, n)` of `nearest`.
        topics: What `chosen` counts in.
        goals: `(user_idx, item_idx)`.

    Returns:
        Hits over the hits that the topics' shares among all goals make expected: 1 for topics that say nothing of the
        user; NaN when no goal has any of them.
    """
    members = topics.members
    share = np.asarray(members[np.concatenate([items for _, items in goals])].mean(axis=0)).ravel()
    hits = sum(int(members[items][:, chosen[user]].sum()) for user, items in goals)
    expected = sum(len(items) * float(share[chosen[user]].sum()) for user, items in goals)
    return hits / expected if expected else float("nan")
