"""Find the items most like each item, by behaviour, by text and by both; NumPy and Arrow, run inside Spark's workers.

Exact: every item is compared with every other, a block of rows at a time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from nightrec.histories import Floats, Ints, Mask
from nightrec.ranker.choose import row_standardised
from nightrec.ranker.sources import ItemSide
from nightrec.scoring.rank import Task, open_pack
from nightrec.scoring.rules import QUANTUM
from nightrec.vectors import unit

KINDS = ("behaviour", "text", "joined")
SIMILAR = "item_id string, kind string, rank int, similar_idx int, score double"
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Traits:
    """What items are compared by, in the order of `item_idx`.

    Attributes:
        sequence: `(n, D1)` unit vectors of the sequence model without the learnt popularity.
        neighbours: `(n, n)` roots of the item-item scores; plain ones would let single strong pairs drown the vectors.
        text: `(n, D2)` unit vectors of the language model; zeros without text.
        has_history: `(n,)`.
        has_text: `(n,)`.
    """

    sequence: Floats
    neighbours: sp.csr_matrix
    text: Floats
    has_history: Mask
    has_text: Mask


def traits_of(items: ItemSide) -> Traits:
    """Read from the item side of the sources what items are compared by."""
    has_text = np.asarray(items.text.any(axis=1), dtype=np.bool_)
    sequence = unit(items.vectors["sequence"][:, :-1])
    return Traits(sequence, items.neighbours.sqrt(), items.text, items.popularity[:, 0] > 0, has_text)


def likeness(rows: Ints, traits: Traits) -> dict[str, Floats]:
    """Score how much other items are like those of a block.

    Behaviour is the sum of two z-scores: what is taken soon after the item, and the cosine of sequence vectors. It is
    known between items with history, text (a cosine) between items with text. Joined is the sum of the z-scores of
    both, where what is not known counts as average; between items of which nothing is known it is the other kind's.
    Hashed TF-IDF beside the language model's vectors made the lists by text worse on MovieLens and is left out.

    Args:
        rows: `(B,)` item_idx.
        traits: Of all `n` items.

    Returns:
        `(B, n)` by kind, comparable within one row and kind; -inf where a kind knows nothing, and at the item itself.
    """
    known = {"behaviour": _pairs(rows, traits.has_history), "text": _pairs(rows, traits.has_text)}
    taken_after = np.asarray(traits.neighbours[rows].toarray(), dtype=np.float32)
    alike = traits.sequence[rows] @ traits.sequence.T
    behaviour = sum(row_standardised(part, known["behaviour"]) for part in (taken_after, alike))
    scores = {"behaviour": np.asarray(behaviour, np.float32), "text": traits.text[rows] @ traits.text.T}
    joined = sum(row_standardised(scores[kind], inside) for kind, inside in known.items())
    scores["joined"], known["joined"] = np.asarray(joined, np.float32), known["behaviour"] | known["text"]
    return {kind: np.where(known[kind], scores[kind], -np.inf).astype(np.float32) for kind in KINDS}


def best_columns(scores: Floats, n: int) -> tuple[Ints, Floats]:
    """Return the `n` best columns of each row, best first, and their rounded scores; equal ones by column.

    Args:
        scores: `(B, n_items)`; -inf is never among the best.
        n: How many.

    Returns:
        `(B, min(n, n_items))` twice; -1 and -inf where a row has fewer.
    """
    n_items = scores.shape[1]
    n = min(n, n_items)
    finite = np.isfinite(scores)
    steps = np.rint(np.where(finite, scores, 0).astype(np.float64) / QUANTUM).astype(np.int64)
    # Score and column as one number, so that the n best are the same however many are equal.
    keys = np.where(finite, steps * n_items - np.arange(n_items), NEVER)
    found = np.argpartition(keys, n_items - n, axis=1)[:, n_items - n :]
    found = np.take_along_axis(found, np.argsort(np.take_along_axis(keys, found, axis=1), axis=1)[:, ::-1], axis=1)
    is_real = np.take_along_axis(finite, found, axis=1)
    best = np.where(is_real, np.take_along_axis(steps, found, axis=1) * QUANTUM, -np.inf)
    return np.where(is_real, found, -1), best


def similar_items(batches: Iterable[pa.RecordBatch], task: Task, n: int) -> Iterator[pa.RecordBatch]:
    """Turn items into list rows.

    Args:
        batches: Rows with `item_id` and `item_idx`.
        task: Where the pack is, which items can be shown, and how many rows make a block.
        n: Length of a list.

    Yields:
        Rows in the form of `SIMILAR`, a list after the other, best first.
    """
    traits = traits_of(open_pack(task.root, task.domain, task.pack)[0])
    for batch in batches:
        for start in range(0, batch.num_rows, task.block_rows):
            block = batch.slice(start, task.block_rows)
            scores = likeness(np.asarray(block.column("item_idx")).astype(np.int64), traits)
            for kind in KINDS:
                shown = np.where(task.shown, scores[kind], -np.inf).astype(np.float32)
                yield _rows(block.column("item_id"), kind, *best_columns(shown, n))


def _pairs(rows: Ints, has: Mask) -> Mask:
    known = has[rows][:, None] & has[None, :]
    known[np.arange(len(rows)), rows] = False
    return known


def _rows(item_ids: pa.Array, kind: str, found: Ints, scores: Floats) -> pa.RecordBatch:
    row, place = np.nonzero(found >= 0)
    kinds = pa.array([kind]).take(pa.array(np.zeros(len(row), np.int64)))
    ranks, similar = (place + 1).astype(np.int32), found[row, place].astype(np.int32)
    return pa.record_batch(
        [item_ids.take(pa.array(row)), kinds, pa.array(ranks), pa.array(similar), pa.array(scores[row, place])],
        names=["item_id", "kind", "rank", "similar_idx", "score"],
    )
