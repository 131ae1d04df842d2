"""Join several sources of vectors into one, so that a fused score is a single inner product; NumPy only.

A source scores item `i` for user `u` as `u . v_i`. To compare sources, each score becomes a z-score over all items:
`(u . v_i - u . mean) / sqrt(u' C u)` with the mean and covariance `C` of the item vectors. That is linear in `v_i`, so
centred item vectors and scaled user vectors, laid end to end, give the weighted sum of z-scores exactly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Matrix = npt.NDArray[np.float32]
Moments = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One source inside the joined vector: its name, weight, item mean `(dim,)` and item covariance `(dim, dim)`."""

    name: str
    weight: float
    mean: Moments
    covariance: Moments

    @property
    def dim(self) -> int:
        """Length of the source's vectors."""
        return len(self.mean)


def to_matrix(column: pa.Array, dim: int) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Turn an Arrow list column into rows.

    Returns:
        `(n, dim)` float32 with zeros where the column is null, and `(n,)` which rows are not null.
    """
    known = ~np.asarray(column.is_null())
    matrix = np.zeros((len(column), dim), dtype=np.float32)
    matrix[known] = np.asarray(column.drop_null().flatten()).reshape(-1, dim)
    return matrix, known


def moments(rows: Matrix) -> tuple[int, Moments, Moments]:
    """Return count, sum `(dim,)` and sum of outer products `(dim, dim)`; these add up over blocks of rows."""
    wide = rows.astype(np.float64)
    return len(rows), wide.sum(0), wide.T @ wide


def make_part(name: str, weight: float, sums: list[tuple[int, Moments, Moments]]) -> Part:
    """Join the moments of all blocks into a part.

    Raises:
        ValueError: If there are no rows at all.
    """
    count = sum(n for n, _, _ in sums)
    if count == 0:
        raise ValueError(f"source {name!r} has no item vectors")
    total = np.sum([total for _, total, _ in sums], axis=0)
    outer = np.sum([outer for _, _, outer in sums], axis=0)
    mean = total / count
    return Part(name, weight, mean, outer / count - np.outer(mean, mean))


def fuse_items(parts: list[Part], columns: list[pa.Array]) -> Matrix:
    """Centre and join item vectors; an item that a source does not know gets zeros there, which is the average score.

    Args:
        parts: The sources.
        columns: One Arrow list column a source, `n` rows each.

    Returns:
        `(n, sum of dims)` float32.
    """
    joined = []
    for part, column in zip(parts, columns, strict=True):
        rows, known = to_matrix(column, part.dim)
        joined.append((rows - part.mean.astype(np.float32)) * known[:, None])
    return np.hstack(joined)


def fuse_users(parts: list[Part], columns: list[pa.Array]) -> Matrix:
    """Scale and join user vectors; a source that cannot tell items apart for a user adds nothing.

    Args:
        parts: The sources.
        columns: One Arrow list column a source, `n` rows each.

    Returns:
        `(n, sum of dims)` float32, already multiplied with the weights of the sources.
    """
    joined = []
    for part, column in zip(parts, columns, strict=True):
        rows, _ = to_matrix(column, part.dim)
        variance = np.einsum("ij,jk,ik->i", rows, part.covariance, rows, optimize=True)
        spread = np.sqrt(np.maximum(variance, 0.0))
        scale = np.divide(part.weight, spread, out=np.zeros_like(spread), where=spread > 1e-9)
        joined.append((rows * scale[:, None]).astype(np.float32))
    return np.hstack(joined)


def weighted_sums(weights: npt.NDArray[np.float64], rows: Matrix, starts: npt.NDArray[np.int64]) -> Matrix:
    """Sum weighted rows by group and bring each sum to unit length.

    Args:
        weights: `(n,)`.
        rows: `(n, dim)`.
        starts: `(groups,)` first row of each group, ascending; no group is empty.

    Returns:
        `(groups, dim)` float32; zeros where the sum is zero.
    """
    sums = np.add.reduceat(rows * weights[:, None].astype(np.float32), starts, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: Matrix = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
    return unit
