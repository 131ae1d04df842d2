"""The union of what each source likes best, as padded rows; NumPy and SciPy only."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from nightrec.ranker.sources import UserSide

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

NOBODY = -1


def hide_seen(block: Floats, seen: sp.csr_matrix) -> Floats:
    """Return a copy of scores `(B, n_items)` with -inf where the same row of `seen` has an entry."""
    hidden = block.copy()
    hidden[np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr)), seen.indices] = -np.inf
    return hidden


def best(block: Floats, k: int) -> Ints:
    """Return `(B, min(k, n_items))` the best columns of each row, in no order; -1 where a score is -inf."""
    k = min(k, block.shape[1])
    columns = np.argpartition(-block, k - 1, axis=1)[:, :k]
    return np.where(np.isneginf(np.take_along_axis(block, columns, axis=1)), NOBODY, columns)


def candidates_of(
    scores: Mapping[str, Floats], users: UserSide, seen: sp.csr_matrix, k: int, shown: Mask | None = None
) -> Ints:
    """Join the best items of every source and, where lists may show them again, what users have had most and last.

    Args:
        scores: `(B, n_items)` by source.
        users: Of the block.
        seen: `(B, n_items)` entries at items not to be listed.
        k: Items a source and row.
        shown: `(n_items,)` which items can be shown; None: all.

    Returns:
        `(B, C)` ascending item_idx without repeats, padded with -1 at the end.
    """
    blocks = {**scores, **_known_items(users, seen)}
    return _union_of_best([_propose(block, seen, k, shown) for block in blocks.values()])


def _union_of_best(of_sources: Sequence[tuple[Ints, Mask]]) -> Ints:
    """Join what every source proposes; one that cannot tell its best apart proposes none, unless none can."""
    proposed, telling = zip(*of_sources, strict=True)
    is_kept = np.where(np.any(telling, axis=0), telling, True)
    kept = [np.where(rows[:, None], columns, NOBODY) for rows, columns in zip(is_kept, proposed, strict=True)]
    found = np.sort(np.concatenate(kept, axis=1), axis=1)
    found[:, 1:][found[:, 1:] == found[:, :-1]] = NOBODY
    place = np.argsort(found == NOBODY, axis=1, kind="stable")
    packed = np.take_along_axis(found, place, axis=1)
    return packed[:, : max(1, int((packed != NOBODY).sum(axis=1).max(initial=1)))]


def _known_items(users: UserSide, seen: sp.csr_matrix) -> dict[str, Floats]:
    """Return sources that propose what users have had, or none where no list may show any of it again."""
    if not (users.weight.astype(bool) > seen.astype(bool)).nnz:
        return {}
    had = {"repeat": users.weight.toarray(), "repeat_recent": users.recent.toarray()}
    return {name: np.where(weight > 0, weight, -np.inf) for name, weight in had.items()}


def _propose(block: Floats, seen: sp.csr_matrix, k: int, shown: Mask | None) -> tuple[Ints, Mask]:
    """Return the best columns of each row that may be listed, as `best`, and whether their scores differ."""
    block = hide_seen(block, seen)  # the one copy, gone before the next source makes its own
    if shown is not None:
        block[:, ~shown] = -np.inf
    columns = best(block, k)
    scores = np.where(columns == NOBODY, -np.inf, np.take_along_axis(block, np.maximum(columns, 0), axis=1))
    return columns, scores.max(axis=1) > scores.min(axis=1)
