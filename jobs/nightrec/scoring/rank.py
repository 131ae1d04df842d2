"""Score a batch of users with the night's sources and ranker; NumPy and Arrow, run inside Spark's workers."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from nightrec.documents import JOINT
from nightrec.folders import get_folder
from nightrec.lake import Lake
from nightrec.ranker.candidates import NOBODY, candidates_of
from nightrec.ranker.choose import Ranker
from nightrec.ranker.features import features
from nightrec.ranker.pack import load_pack
from nightrec.ranker.sides import had_by
from nightrec.ranker.sources import FAMILY, TABLES, ItemSide, UserSide, score_blocks
from nightrec.reasons.catalogue import open_catalogue
from nightrec.reasons.evidence import COLUMNS, EVIDENCE, ReasonsPlan
from nightrec.reasons.grounds import listed_shares
from nightrec.reasons.reader import Knowledge
from nightrec.reasons.write import block_reasons
from nightrec.scoring.exploration import chances
from nightrec.scoring.rules import QUANTUM, Ranked, Rules, falling, make_lists

USER = f"user_id, {', '.join(TABLES)}, wrote, texts, items, weights, hidden"
RANKED = f"user_id string, rank int, item_idx int, score double, source string, propensity float, {COLUMNS}"


@dataclass(frozen=True)
class Task:
    """What every worker needs to know.

    Attributes:
        root: Root of the lake.
        domain: The shop.
        pack: Folder of the ranker in the lake.
        shown: `(n_items,)` which items can be shown.
        top_n: Length of a list.
        candidates: Best items of every source that are ranked.
        block_rows: Users scored at once.
        rules: What lists may hold.
        reasons: How rows get their reasons; None leaves them empty.
    """

    root: str
    domain: str
    pack: str
    shown: npt.NDArray[np.bool_]
    top_n: int
    candidates: int
    block_rows: int
    rules: Rules = field(default_factory=Rules)
    reasons: ReasonsPlan | None = None


def rank_users(batches: Iterable[pa.RecordBatch], task: Task) -> Iterator[pa.RecordBatch]:
    """Turn users into list rows.

    Args:
        batches: Rows with the columns of `USER`; `items` oldest first.
        task: How.

    Yields:
        Rows in the form of `RANKED`, each user's best first.
    """
    items, ranker = open_pack(task.root, task.domain, task.pack)
    for batch in batches:
        for start in range(0, batch.num_rows, task.block_rows):
            block = batch.slice(start, task.block_rows)
            yield _rank(block, user_side_of(block, items), items, ranker, task)


@lru_cache(maxsize=1)
def open_pack(root: str, domain: str, pack: str) -> tuple[ItemSide, Ranker]:
    """Load a pack of the lake; a worker keeps the newest, because it is asked for every batch."""
    with tempfile.TemporaryDirectory() as scratch:
        return load_pack(get_folder(Lake(root, domain), pack, Path(scratch)))


def user_side_of(block: pa.RecordBatch, items: ItemSide) -> UserSide:
    """Read the user side of the sources from rows with the columns of `USER`."""
    history, weights = block.column("items"), np.asarray(block.column("weights").flatten(), dtype=np.float32)
    flat, rows = np.asarray(history.flatten()).astype(np.int64), np.asarray(history.value_parent_indices())
    length = np.bincount(rows, minlength=block.num_rows)
    weight, recent, newest = had_by(flat, weights, length, len(items.popularity))
    return UserSide(
        {name: _matrix(block.column(name), vectors.shape[1]) for name, vectors in items.vectors.items()},
        weight,
        recent,
        _matrix(block.column("wrote"), items.text.shape[1]),
        items.vocabulary.rows(
            [JOINT.join(own["text"] for own in texts) for texts in block.column("texts").to_pylist()]
        ),
        newest,
        length,
    )


def _rank(block: pa.RecordBatch, users: UserSide, items: ItemSide, ranker: Ranker, task: Task) -> pa.RecordBatch:
    scores = score_blocks(users, items)
    hidden = block.column("hidden")
    pairs = np.asarray(hidden.value_parent_indices()), np.asarray(hidden.flatten()).astype(np.int64)
    seen = sp.csr_matrix((np.ones(len(pairs[0]), np.float32), pairs), (block.num_rows, len(items.popularity)))
    k = max(task.candidates, task.top_n)
    found = candidates_of(scores, users, seen, k, task.shown)
    inside = found != NOBODY
    described = features(scores, found, users, items)
    scored = ranker.listed_scores(described, inside, items.nobody_met(found))
    ranked = np.where(inside, np.rint(scored / QUANTUM) * QUANTUM, -np.inf)
    order = np.argsort(-ranked, axis=1, kind="stable")
    user_ids = block.column("user_id").to_pylist()
    chance = chances(user_ids, task.rules.night, task.rules.explore_slots)
    best_first = Ranked(np.take_along_axis(found, order, axis=1), np.take_along_axis(ranked, order, axis=1), chance)
    listed, propensity = make_lists(best_first, items.text, task.top_n, task.rules)
    kept = listed != NOBODY
    order = np.where(kept, np.take_along_axis(order, np.maximum(listed, 0), axis=1), NOBODY)
    reasons = _reasons(block, (found, described, order, propensity), items, ranker, task)
    order = np.maximum(order, 0)
    source = np.array(list(FAMILY.values()))[_favourite(described)]
    found, ranked, source = (np.take_along_axis(part, order, axis=1) for part in (found, ranked, source))
    rows = _rows(user_ids, kept, [found, falling(np.where(kept, ranked, -np.inf)), source, propensity])
    return pa.record_batch([*rows.columns, *reasons], names=[*rows.schema.names, "reason", "evidence"])


def _reasons(
    block: pa.RecordBatch, lists: tuple[npt.NDArray[Any], ...], items: ItemSide, ranker: Ranker, task: Task
) -> list[pa.Array]:
    """Give reasons for the candidates at `order` of `(found, described, order, propensity)`, -1 at padding."""
    found, described, order, propensity = lists
    kept = order != NOBODY
    if task.reasons is None:
        return [pa.nulls(int(kept.sum()), kind) for kind in (pa.string(), EVIDENCE)]
    known = Knowledge(items, open_catalogue(task.root, task.domain, task.reasons), task.reasons)
    shares = listed_shares(ranker, described, found != NOBODY, order)
    listed = np.where(kept, np.take_along_axis(found, np.maximum(order, 0), axis=1), NOBODY)
    return list(block_reasons(block, listed, propensity, shares, known))


def _rows(user_ids: list[str], kept: npt.NDArray[np.bool_], parts: list[npt.NDArray[Any]]) -> pa.RecordBatch:
    """Turn lists `(B, N)` of items, scores, sources and propensities into rows; `kept` stands first in each list."""
    owner, place = np.nonzero(kept)
    item_idx, score, source, propensity = (part[kept] for part in parts)
    columns = [
        pa.array([user_ids[row] for row in owner], pa.string()),
        (place + 1).astype(np.int32),
        item_idx.astype(np.int32),
        score.astype(np.float64),
        pa.array(source.tolist(), pa.string()),
        propensity.astype(np.float32),
    ]
    return pa.record_batch(columns, names=["user_id", "rank", "item_idx", "score", "source", "propensity"])


def _favourite(described: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return `(B, C)` the source that ranks each candidate highest; ranks are every second feature."""
    best: npt.NDArray[np.int64] = described[:, :, 1 : 2 * len(FAMILY) : 2].argmax(axis=2)
    return best


def _matrix(column: pa.Array, dim: int) -> npt.NDArray[np.float32]:
    out = np.zeros((len(column), dim), np.float32)
    known = np.asarray(column.is_valid()) & (dim > 0)
    out[known] = np.asarray(column.filter(pa.array(known)).flatten(), dtype=np.float32).reshape(known.sum(), dim)
    return out
