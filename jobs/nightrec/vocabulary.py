"""The words of a shop's items, and texts as rows of TF-IDF; words are hashed, so there is no list of them to keep."""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

HAN = "\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
"""Nothing parts words in Chinese, so each Han character counts as one."""
N_BUCKETS = 1 << 18
"""Two words that share a bucket are one word."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of some texts.

    Attributes:
        buckets: `(V,)` the hashes of their words, ascending.
        idf: `(V,)` how rare each is, `ln((1 + n) / (1 + n_texts_with))`.
    """

    buckets: npt.NDArray[np.int64]
    idf: npt.NDArray[np.float32]

    def rows(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return `(len(texts), V)` unit rows `(1 + ln count) * idf`; words that are not in it are left out."""
        return unit_rows(sp.csr_matrix(_counted(texts)[:, self.buckets] @ sp.diags(self.idf)))


def vocabulary_of(texts: Sequence[str]) -> Vocabulary:
    """Gather the words of texts; one that stands in all of them weighs nothing."""
    n_texts_with = np.bincount(_counted(texts).indices, minlength=N_BUCKETS)
    buckets = np.flatnonzero(n_texts_with)
    idf = np.log((1.0 + len(texts)) / (1.0 + n_texts_with[buckets]))
    return Vocabulary(buckets, idf.astype(np.float32))


def tfidf(texts: Sequence[str]) -> sp.csr_matrix:
    """Weigh the words of each text by how rare they are among the texts.

    Returns:
        `(n, V)` float32 with unit rows; an empty text gives an empty row.
    """
    return vocabulary_of(texts).rows(texts)


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Bring every row that is not empty to unit length."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return sp.csr_matrix(sp.diags(scale) @ matrix, dtype=np.float32)


def _counted(texts: Sequence[str]) -> sp.csr_matrix:
    """Return `(n, N_BUCKETS)` `1 + ln count` of each word."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        counts = Counter(zlib.crc32(word.encode()) % N_BUCKETS for word in WORD.findall(text.casefold()))
        rows += [row] * len(counts)
        columns += list(counts)
        values += [1.0 + np.log(count) for count in counts.values()]
    return sp.csr_matrix((np.asarray(values, np.float32), (rows, columns)), (len(texts), N_BUCKETS))
