"""One vector for everything that is known of a user or an item; NumPy, SciPy and Arrow."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def mean_vectors(pieces: pa.Table, hashes: pa.Array, vectors: Vectors) -> tuple[pa.Array, Vectors]:
    """Average the vectors of each key's texts.

    Args:
        pieces: A key, `text_hash`; one row per piece of text.
        hashes: `n` distinct text hashes.
        vectors: ``(n, dim)`` unit vectors of the texts with these hashes.

    Returns:
        The distinct keys in order and ``(len(keys), dim)`` float32 rows of unit length.
    """
    name = next(column for column in pieces.column_names if column.endswith("_id"))
    keys = pc.unique(pieces[name]).sort()
    rows, columns = (
        np.asarray(pc.index_in(pieces[column], value_set=value_set))
        for column, value_set in ((name, keys), ("text_hash", hashes))
    )
    shape = len(keys), len(hashes)
    sums = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape) @ vectors
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return keys, np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
