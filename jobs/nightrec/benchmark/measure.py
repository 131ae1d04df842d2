"""How good lists are: accuracy a user, spread over the catalogue, paired intervals; NumPy and SciPy only.

`nightrec.evaluation` gives a night the same numbers as Spark columns; here each user's own number is needed, for paired
intervals and for slices. A test holds the two together.
Source: Järvelin and Kekäläinen 2002 (NDCG, binary gains), Shannon 1948 (entropy, bits), Simpson 1949 (1 - D).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from nightrec.benchmark.lists import LENGTH, Floats, Ints
from nightrec.ranker.candidates import NOBODY

Wide = npt.NDArray[np.float64]
KS = (5, 10, 20)
DRAWS = 1000
SEED = 0
GAIN = 1.0 / np.log2(np.arange(2, LENGTH + 2))


@dataclass(frozen=True)
class Interval:
    """A mean difference to a reference over the same users, with the 2.5 % and 97.5 % points of its bootstrap."""

    difference: float
    low: float
    high: float


def hits_of(lists: Ints, relevant: sp.csr_matrix) -> npt.NDArray[np.bool_]:
    """Return `(U, LENGTH)` which places of lists hold a relevant item.

    Args:
        lists: `(U, LENGTH)` item_idx, -1 for empty places.
        relevant: `(U, n_items)` entries at relevant items.
    """
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    looked_up = np.asarray(relevant[rows, np.maximum(lists, 0).ravel()]).reshape(lists.shape) > 0
    return np.asarray(looked_up & (lists != NOBODY))


def accuracy(lists: Ints, relevant: sp.csr_matrix) -> dict[str, Wide]:
    """Measure lists for each user.

    Args:
        lists: `(U, LENGTH)`.
        relevant: `(U, n_items)`; users without a relevant item get nan.

    Returns:
        `(U,)` by metric, `recall@k` (share of the relevant items that are listed), `ndcg@k` and `mrr@k`, in 0..1.
    """
    hits, n_relevant = hits_of(lists, relevant), np.diff(relevant.indptr).astype(np.float64)
    some = np.where(n_relevant > 0, n_relevant, np.nan)
    ideal = np.cumsum(GAIN)[np.clip(n_relevant, 1, LENGTH).astype(np.int64) - 1]
    out: dict[str, Wide] = {}
    for k in KS:
        listed = hits[:, :k]
        best = np.minimum(ideal, GAIN[:k].sum())
        out[f"recall@{k}"] = listed.sum(axis=1) / some
        out[f"ndcg@{k}"] = (listed * GAIN[:k]).sum(axis=1) / np.where(n_relevant > 0, best, np.nan)
        first = np.where(listed.any(axis=1), 1.0 / (listed.argmax(axis=1) + 1), 0.0)
        out[f"mrr@{k}"] = np.where(n_relevant > 0, first, np.nan)
    return out


def spread(lists: Ints, n_items: int, k: int) -> dict[str, float]:
    """Say how widely lists spread over the items that could be listed.

    Args:
        lists: `(U, LENGTH)`.
        n_items: Items that could be listed.
        k: First places that count.

    Returns:
        `coverage` (share of items listed at all), `gini` of the items' shares (0 all equal, towards 1 all the same),
        `entropy` (bits) and `simpson` (chance that two listed places hold different items).
    """
    shown = lists[:, :k]
    listed = np.unique(shown[shown != NOBODY], return_counts=True)[1].astype(np.float64)
    if not len(listed):
        return {"coverage": 0.0, "gini": 0.0, "entropy": 0.0, "simpson": 0.0}
    counts = np.concatenate([np.zeros(n_items - len(listed)), np.sort(listed)])
    share = listed / listed.sum()
    place = np.arange(1, n_items + 1)
    return {
        "coverage": len(listed) / n_items,
        "gini": float(((2 * place - n_items - 1) * counts).sum() / (n_items * counts.sum())),
        "entropy": float(-(share * np.log2(share)).sum()),
        "simpson": float(1.0 - (share**2).sum()),
    }


def diversity(lists: Ints, vectors: Floats, k: int) -> float:
    """Return 1 minus the mean cosine of two items of a list, over lists with at least two items with a text.

    Args:
        lists: `(U, LENGTH)`.
        vectors: `(n_items, D)` unit rows, zeros for items without text; these are left out.
        k: First places that count.
    """
    shown = lists[:, :k]
    rows = vectors[np.maximum(shown, 0)] * (shown != NOBODY)[:, :, None]
    n = (np.linalg.norm(rows, axis=2) > 0).sum(axis=1)
    # The squared length of a sum of n unit vectors is n plus the cosines of all ordered pairs.
    cosines = np.linalg.norm(rows.sum(axis=1), axis=1) ** 2 - n
    paired = n > 1
    return float(1.0 - (cosines[paired] / (n * (n - 1))[paired]).mean()) if paired.any() else float("nan")


def bootstrap(values: Wide, reference: Wide) -> Interval:
    """Compare two measures of the same users by drawing users anew.

    Args:
        values: `(U,)`.
        reference: `(U,)`, row by row the same users; users with nan in either are left out.
    """
    gap = (values - reference)[~np.isnan(values - reference)]
    drawn = np.random.default_rng(SEED).multinomial(len(gap), np.full(len(gap), 1 / len(gap)), size=DRAWS)
    low, high = np.percentile(drawn @ gap / len(gap), [2.5, 97.5])
    return Interval(float(gap.mean()), float(low), float(high))
