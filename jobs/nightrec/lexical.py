"""What item texts say, for models: vectors of the language model, hashed TF-IDF, and its truncated SVD."""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from nightrec.documents import documents, of_fold
from nightrec.histories import read_vectors
from nightrec.lake import Lake

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

DIM = 128
HAN = "\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
"""Nothing parts words in Chinese, so each Han character counts as one."""


@dataclass(frozen=True)
class ItemTexts:
    """What is read of `n` items; zeros for items without text.

    Attributes:
        meaning: `(n, E)` unit vectors of the language model, without their mean.
        lexical: `(n, F)` unit vectors, `words` squeezed.
        words: `(n, V)` unit TF-IDF rows.
    """

    meaning: Vectors
    lexical: Vectors
    words: sp.csr_matrix

    def dense(self) -> Vectors:
        """Return `(n, E + F)` both kinds of vectors side by side."""
        return np.hstack([self.meaning, self.lexical])


def tfidf(texts: Sequence[str], n_buckets: int = 1 << 18) -> sp.csr_matrix:
    """Weigh the words of each text by how rare they are; words are hashed, so there is no vocabulary to keep.

    Args:
        texts: `n` texts; an empty one gives an empty row.
        n_buckets: Columns; two words that share one are one word.

    Returns:
        `(n, n_buckets)` float32 with unit rows: `(1 + ln count) * ln((1 + n) / (1 + n_texts_with))`, then normalised.
    """
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        counts = Counter(zlib.crc32(word.encode()) % n_buckets for word in WORD.findall(text.casefold()))
        rows += [row] * len(counts)
        columns += list(counts)
        values += [1.0 + np.log(count) for count in counts.values()]
    counted = sp.csr_matrix((np.asarray(values, np.float32), (rows, columns)), (len(texts), n_buckets))
    n_texts_with = np.bincount(counted.indices, minlength=n_buckets)
    idf = np.log((1.0 + len(texts)) / (1.0 + n_texts_with)).astype(np.float32)
    return unit_rows(counted @ sp.diags(idf).astype(np.float32))


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Bring every row that is not empty to unit length."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return sp.csr_matrix(sp.diags(scale) @ matrix, dtype=np.float32)


def without_empty_columns(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Keep the columns that have an entry."""
    return sp.csr_matrix(matrix[:, np.unique(matrix.indices)])


def squeezed(matrix: sp.csr_matrix, dim: int, seed: int) -> tuple[Vectors, Mask]:
    """Squeeze TF-IDF rows into dense vectors by a truncated SVD.

    Args:
        matrix: `(n, V)`.
        dim: Wanted length; fewer when there are fewer texts or words than that.
        seed: Of the solver's start vector.

    Returns:
        `(n, <=dim)` unit rows, and `(n,)` which texts have words that tell them apart; the others are zero.
    """
    matrix = without_empty_columns(matrix)
    rank = min(dim, min(matrix.shape) - 1)
    if rank < 1:
        return np.zeros((matrix.shape[0], 0), np.float32), np.zeros(matrix.shape[0], np.bool_)
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape))
    left, values, _ = svds(matrix.astype(np.float64), k=rank, v0=start)
    dense = left[:, ::-1] * values[::-1]
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    has_words = length[:, 0] > 1e-6
    unit = np.divide(dense, length, out=np.zeros_like(dense), where=has_words[:, None])
    return unit.astype(np.float32), has_words


def read_item_texts(lake: Lake, run_date: date, item_ids: pa.Array, fold: str, seed: int) -> ItemTexts:
    """Read what a fold's models may know of the texts of items, in the order of the keys."""
    vectors = read_vectors(lake, "item_embeddings", run_date, item_ids, fold)
    rows = documents(of_fold(lake.read_arrow("item_texts", run_date), fold))
    place = pc.index_in(item_ids, value_set=rows["item_id"].combine_chunks())
    texts = rows["text"].combine_chunks().take(place).fill_null("").to_pylist()
    return ItemTexts(centred(vectors), *_words_of(tuple(texts), seed))


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


# Where no text is held out both folds read the same ones, and the decomposition is most of the work.
@lru_cache(maxsize=1)
def _words_of(texts: tuple[str, ...], seed: int) -> tuple[Vectors, sp.csr_matrix]:
    words = without_empty_columns(tfidf(texts))
    return squeezed(words, DIM, seed)[0], words
