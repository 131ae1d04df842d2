"""What texts say, for models: vectors of the language model, the words themselves, and the words squeezed."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from nightrec.documents import documents, first_pieces, of_fold
from nightrec.histories import read_vectors
from nightrec.lake import Lake
from nightrec.reasons.words import LONGEST
from nightrec.vocabulary import Vocabulary, vocabulary_of

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

DIM = 128
NEWEST = 5
"""Texts of a user, newest first, whose words tell what the user looks for now."""


@dataclass(frozen=True)
class ItemTexts:
    """What is read of `n` items; zeros for items without text.

    Attributes:
        meaning: `(n, E)` unit vectors of the language model, without their mean.
        lexical: `(n, F)` unit vectors, `words` squeezed.
        words: `(n, V)` unit TF-IDF rows.
        vocabulary: The `V` words.
    """

    meaning: Vectors
    lexical: Vectors
    words: sp.csr_matrix
    vocabulary: Vocabulary

    def dense(self) -> Vectors:
        """Return `(n, E + F)` both kinds of vectors side by side."""
        return np.hstack([self.meaning, self.lexical])


def squeezed(matrix: sp.csr_matrix, dim: int, seed: int) -> tuple[Vectors, Mask]:
    """Squeeze TF-IDF rows into dense vectors by a truncated SVD.

    Args:
        matrix: `(n, V)`.
        dim: Wanted length; fewer when there are fewer texts or words than that.
        seed: Of the solver's start vector.

    Returns:
        `(n, <=dim)` unit rows, and `(n,)` which texts have words that tell them apart; the others are zero.
    """
    rank = min(dim, min(matrix.shape) - 1)
    if rank < 1 or not matrix.data.any():
        return np.zeros((matrix.shape[0], 0), np.float32), np.zeros(matrix.shape[0], np.bool_)
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape))
    left, values, _ = svds(matrix.astype(np.float64), k=rank, v0=start)
    dense = left[:, ::-1] * values[::-1]
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    has_words = length[:, 0] > 1e-6
    unit = np.divide(dense, length, out=np.zeros_like(dense), where=has_words[:, None])
    return unit.astype(np.float32), has_words


def centred(vectors: Vectors) -> Vectors:
    """Take the mean off all rows that are not zero and bring them back to unit length.

    All texts of a shop look alike to a general model, and what they share tells no items apart.
    Source: Mu and Viswanath 2018, "All-but-the-top", without the removal of principal components.
    """
    has_text = vectors.any(axis=1, keepdims=True)
    shifted = (vectors - vectors.sum(axis=0) / max(int(has_text.sum()), 1)) * has_text
    length = np.linalg.norm(shifted, axis=1, keepdims=True)
    unit: Vectors = np.divide(shifted, length, out=np.zeros_like(shifted), where=length > 1e-6)
    return unit


def read_item_texts(lake: Lake, run_date: date, item_ids: pa.Array, fold: str, seed: int) -> ItemTexts:
    """Read what a fold's models may know of the texts of items, in the order of the keys."""
    vectors = read_vectors(lake, "item_embeddings", run_date, item_ids, fold)
    texts = of_fold(lake.read_arrow("item_texts", run_date), fold)
    return ItemTexts(centred(vectors), *words_of_items(texts, item_ids, seed))


def words_of_items(item_texts: pa.Table, item_ids: pa.Array, seed: int) -> tuple[Vectors, sp.csr_matrix, Vocabulary]:
    """Return `lexical`, `words` and `vocabulary` of `ItemTexts` for rows of `item_texts`, in the order of the keys."""
    return _words_of(_in_order(item_texts, item_ids), seed)


def read_user_words(lake: Lake, run_date: date, user_ids: pa.Array, fold: str, vocabulary: Vocabulary) -> sp.csr_matrix:
    """Read the words of items that stand in the newest texts of users: `(n, V)` unit TF-IDF rows."""
    newest = first_pieces(of_fold(lake.read_arrow("user_texts", run_date), fold), NEWEST)
    cut = pc.utf8_slice_codeunits(newest["text"], 0, LONGEST)
    shortened = newest.set_column(newest.column_names.index("text"), "text", cut)
    return vocabulary.rows(_in_order(shortened, user_ids))


def _in_order(pieces: pa.Table, keys: pa.Array) -> tuple[str, ...]:
    rows = documents(pieces)
    place = pc.index_in(keys, value_set=rows[rows.column_names[0]].combine_chunks())
    return tuple(rows["text"].combine_chunks().take(place).fill_null("").to_pylist())


# Where no text is held out both folds read the same ones, and the decomposition is most of the work.
@lru_cache(maxsize=1)
def _words_of(texts: tuple[str, ...], seed: int) -> tuple[Vectors, sp.csr_matrix, Vocabulary]:
    vocabulary = vocabulary_of(texts)
    words = vocabulary.rows(texts)
    return squeezed(words, DIM, seed)[0], words, vocabulary
