"""Put items in order for queries, by meaning, by words and by what users turned to; NumPy and SciPy only."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from nightrec.histories import Floats, Ints, Mask
from nightrec.lexical import centred
from nightrec.ranker.choose import row_standardised
from nightrec.scoring.similar import best_columns
from nightrec.vocabulary import tfidf


def by_meaning(queries: Floats, items: Floats) -> tuple[Floats, Mask]:
    """Compare by the language model's vectors, without what all items share.

    Args:
        queries: `(Q, E)`; zeros where a query has no vector.
        items: `(n, E)` unit vectors; zeros for items without text.

    Returns:
        `(Q, n)` cosines, and where they are known.
    """
    has_vector, has_text = (np.asarray(rows.any(axis=1), dtype=np.bool_) for rows in (queries, items))
    known = has_vector[:, None] & has_text[None, :]
    shifted = (queries - items.sum(axis=0) / max(int(has_text.sum()), 1)) * has_vector[:, None]
    length = np.linalg.norm(shifted, axis=1, keepdims=True)
    unit = np.divide(shifted, length, out=np.zeros_like(shifted), where=length > 1e-6)
    return unit @ centred(items).T, known


def by_words(queries: Sequence[str], texts: Sequence[str]) -> sp.csr_matrix:
    """Compare by the words that queries `(Q,)` and items `(n,)` share, the rare ones most.

    Returns:
        `(Q, n)` cosines of TF-IDF rows.
    """
    rows = tfidf([*texts, *queries])
    return sp.csr_matrix(rows[len(texts) :] @ rows[: len(texts)].T)


def best_items(
    meaning: tuple[Floats, Mask], words: Floats, turned: Floats, shown: Mask, sizes: tuple[int, int]
) -> tuple[Ints, Floats]:
    """Join the three by the sum of their z-scores over the candidates: the best of each.

    Args:
        meaning: `(B, n)` cosines, and where they are known; elsewhere an item counts as average.
        words: `(B, n)` cosines, 0 without a common word.
        turned: `(B, n)` users who turned to the item after the query.
        shown: `(n,)` which items can be shown.
        sizes: Candidates by each, and items a list.

    Returns:
        `(B, items a list)` columns and scores, best first; -1 and -inf where a query has fewer.
    """
    cosines, known = meaning
    parts = [np.where(known, cosines, -np.inf), np.where(words > 0, words, -np.inf)]
    parts += [np.where(turned > 0, turned, -np.inf)]
    inside = np.zeros(words.shape, np.bool_)
    for part in parts:
        found, _ = best_columns(np.where(shown, part, -np.inf).astype(np.float32), sizes[0])
        row, place = np.nonzero(found >= 0)
        inside[row, found[row, place]] = True
    joined = row_standardised(cosines, inside & known)
    joined = joined + row_standardised(words, inside) + row_standardised(np.log1p(turned), inside)
    return best_columns(np.where(inside, joined, -np.inf).astype(np.float32), sizes[1])
