"""How well vectors find what users consumed next: the measure that decides whether a tuned model is kept."""

import numpy as np
from numpy.typing import NDArray

from nightrec.encoder.pairs import HeldOut, Ints

K = 10


def target_ranks(vectors: NDArray[np.float32], held_out: HeldOut) -> Ints:
    """Rank each held-out text among the candidates that its user had not seen.

    The query is the mean of the user's newest vectors. Equal scores count against the target, so a model that gives
    every text the same vector finds nothing.

    Args:
        vectors: ``(C, dim)`` rows of unit length, one a candidate.
        held_out: Users, their earlier texts and their targets.

    Returns:
        ``(U,)``, 1 is the best rank.
    """
    queries = np.stack([vectors[newest].mean(axis=0) for newest in held_out.queries])  # (U, dim)
    scores = queries @ vectors.T  # (U, C)
    own = scores[np.arange(len(queries)), held_out.targets].copy()  # (U,)
    for row, seen in zip(scores, held_out.seen, strict=True):
        row[seen] = -np.inf
    return np.asarray(np.count_nonzero(scores >= own[:, None], axis=1), dtype=np.int64)


def ndcg_at_k(ranks: Ints, k: int = K) -> float:
    """Return mean NDCG@k with one relevant text a user: ``1 / log2(rank + 1)`` within the first k, else 0."""
    return float(np.where(ranks <= k, 1 / np.log2(ranks + 1), 0.0).mean()) if len(ranks) else 0.0


def recall_at_k(ranks: Ints, k: int = K) -> float:
    """Return the share of users whose text is among the first k."""
    return float((ranks <= k).mean()) if len(ranks) else 0.0
