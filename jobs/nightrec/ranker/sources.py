"""The sources of candidates: for a block of users, each gives every item a score; NumPy and SciPy only.

What a source knows of items lies in `ItemSide`, what it knows of users in `UserSide`; the ranker's fitting and the
nightly scoring make their blocks here, so both see the same numbers.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.histories import Floats, Ints, Mask
from nightrec.vectors import unit
from nightrec.vocabulary import Vocabulary, unit_rows

TABLES = {"collaborative": "factors", "rating": "ratings", "sequence": "sequences", "projection": "projections"}
"""Sources whose scores are inner products of `user_<word>` and `item_<word>`."""
FAMILY = {
    "collaborative": "collaborative",
    "rating": "collaborative",
    "sequence": "sequence",
    "projection": "text",
    "item_item": "item_item",
    "text": "text",
    "lexical": "text",
    "text_last": "text",
    "popularity": "popularity",
    "popularity_recent": "popularity",
}
"""The word that lists use for each source."""


@dataclass(frozen=True)
class ItemSide:
    """What the sources know of `n` items, in the order of `item_idx`.

    Attributes:
        vectors: `(n, D)` of each source in `TABLES`.
        text: `(n, E)` unit vectors of the language model; zeros without text.
        lexical: `(n, F)` unit vectors of the words, squeezed; zeros without text.
        words: `(n, V)` unit TF-IDF rows.
        vocabulary: The `V` words.
        neighbours: `(n, n)` few entries a row: what goes with the item of the row.
        popularity: `(n, 2)` logarithm of users, ever and faded with the recent half-life.
        described: `(n, I)` features of the items themselves.
    """

    vectors: dict[str, Floats]
    text: Floats
    lexical: Floats
    words: sp.csr_matrix
    vocabulary: Vocabulary
    neighbours: sp.csr_matrix
    popularity: Floats
    described: Floats

    def nobody_met(self, candidates: Ints) -> Mask:
        """Tell which items `(B, C)` are without history; padding counts as the first item."""
        unmet: Mask = self.popularity[np.maximum(candidates, 0), 0] == 0
        return unmet


@dataclass(frozen=True)
class UserSide:
    """What the sources know of `B` users.

    Attributes:
        vectors: `(B, D)` of each source in `TABLES`; zeros for unknown users.
        weight: `(B, n)` of each item in the user's history.
        recent: The same, fading with the place from the newest item.
        wrote: `(B, E)` unit vector of what the user wrote lately.
        wrote_words: `(B, V)` unit TF-IDF row of the words of items in it.
        newest: `(B,)` item_idx of the newest item; -1 without history.
        length: `(B,)` items in the history.
    """

    vectors: dict[str, Floats]
    weight: sp.csr_matrix
    recent: sp.csr_matrix
    wrote: Floats
    wrote_words: sp.csr_matrix
    newest: Ints
    length: Ints


def score_blocks(users: UserSide, items: ItemSide) -> dict[str, Floats]:
    """Score every item for every user of a block.

    Returns:
        `(B, n)` float32 by source, comparable within one row and source only; a source that knows nothing of a user
        gives zeros.
    """
    profile = unit(users.recent @ items.text) + users.wrote
    both = np.hstack([items.text, items.lexical])
    newest = both[np.maximum(users.newest, 0)] * (users.newest >= 0)[:, None]
    n_users = len(users.length)
    blocks = {name: users.vectors[name] @ items.vectors[name].T for name in TABLES} | {
        "item_item": (users.recent @ items.neighbours).toarray(),
        "text": profile @ items.text.T,
        # By the words themselves: squeezed, rare ones are lost, and they name what items are (Toys, cold items: NDCG@10
        # 0.069 against 0.093).
        "lexical": ((unit_rows(users.recent @ items.words) + users.wrote_words) @ items.words.T).toarray(),
        "text_last": newest @ both.T,
        "popularity": np.tile(items.popularity[:, 0], (n_users, 1)),
        "popularity_recent": np.tile(items.popularity[:, 1], (n_users, 1)),
    }
    return {name: np.asarray(block, dtype=np.float32) for name, block in blocks.items()}


def recency_weights(weight: Floats, places_from_newest: Ints, power: float) -> Floats:
    """Fade weights `(n,)` towards the past: the item `b` places from the newest counts `(1 + b) ** -power`."""
    faded: Floats = (weight * (1.0 + places_from_newest) ** -power).astype(np.float32)
    return faded
