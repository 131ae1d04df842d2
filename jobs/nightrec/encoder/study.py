"""What the encoder learns from, what is asked at the end, and what a step reads; NumPy, SciPy and Arrow.

Some items are held out with their texts and all that was done with them: what an encoder is for is texts that it has
not seen. A piece that another item has too, such as a tag or a title, stays with that one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from nightrec.encoder.reuse import distinct_texts
from nightrec.histories import Floats, Histories, Ints, vector_table
from nightrec.lexical import words_of_items
from nightrec.model_settings import EncoderConfig
from nightrec.vectors import unit

HELD_FRAC = 0.1
PIECES = 2
"""Pieces of an item's text, at most, that a step reads: reviews of an item say much the same."""
PAIRS = 8192
"""Interactions of a step, at most: each compares all of its items, so time and memory grow with their product."""


@dataclass(frozen=True)
class Study:
    """Items are columns of the matrix, with or without text.

    Attributes:
        texts: `text_hash`, `text`, the distinct pieces of text.
        pieces: `(n_items, n_texts)`, how often each piece stands in an item's text.
        lexical: `(n_items, F)` what the words alone say, so that the encoder learns what they do not.
        rows: `(n_users, n_items)` weights to learn from; none of the items in `held`.
        held: `(C,)` items whose texts are not learnt from.
        user_idx: `(U,)` users with a history who reached a goal with one of them, in order, with repeats.
        item_idx: `(U,)` the held-out items that they did so with.
    """

    texts: pa.Table
    pieces: sp.csr_matrix
    lexical: Floats
    rows: sp.csr_matrix
    held: Ints
    user_idx: Ints
    item_idx: Ints

    def item_vectors(self, vectors: Floats) -> Floats:
        """Average the vectors `(n_texts, E)` of each item's pieces: `(n_items, E)` unit rows, zero without text."""
        return unit(np.asarray(self.pieces @ vectors, dtype=np.float32))

    def vector_table(self, made: Mapping[str, Floats]) -> pa.Table:
        """Return rows of `study_vectors` from the vectors `(n_texts, E)` that each model version made."""
        hashes = self.texts["text_hash"].combine_chunks()
        tables = (vector_table("study_vectors", hashes, one, model_version=version) for version, one in made.items())
        return pa.concat_tables(tables)


@dataclass(frozen=True)
class Block:
    """What one step reads of `B` items.

    Attributes:
        items: `(B,)` item_idx.
        texts: `(T,)` text numbers, those of one item after those of another.
        places: `(T,)` which of the items each text belongs to.
        users: `(P,)` users of the interactions with them, who have others as well.
        targets: `(P,)` place of each interaction's item in the block.
        weight: `(P,)` what each interaction is worth.
    """

    items: Ints
    texts: Ints
    places: Ints
    users: Ints
    targets: Ints
    weight: Floats


def make_study(histories: Histories, item_ids: pa.Array, item_texts: pa.Table, config: EncoderConfig) -> Study:
    """Part a fold's matrix into what is learnt from and what is asked.

    Args:
        histories: The fold.
        item_ids: Keys in the order of `item_idx`.
        item_texts: Rows of `item_texts` of the same fold.
        config: Section `encoder`: `eval_items` and `eval_goals` at most, drawn by `seed`.
    """
    n_users, n_items = histories.shape
    known = item_texts.filter(pc.is_in(item_texts["item_id"], value_set=item_ids))
    texts = distinct_texts([known])
    of_item, of_text = (
        np.asarray(pc.index_in(known[key], value_set=keys), dtype=np.int64)
        for key, keys in (("item_id", item_ids), ("text_hash", texts["text_hash"]))
    )
    pieces = sp.csr_matrix((np.ones(len(of_item), np.float32), (of_item, of_text)), (n_items, len(texts)))
    with_text = np.flatnonzero(np.diff(pieces.indptr))
    rng = np.random.default_rng(config.seed)
    n_held = min(config.eval_items, round(HELD_FRAC * len(with_text)))
    held = np.sort(rng.choice(with_text, n_held, replace=False)).astype(np.int64)
    is_held = np.isin(histories.item_idx, held)
    left = histories.where(~is_held)
    has_past = np.bincount(left.user_idx, minlength=n_users) > 0
    asked = np.flatnonzero(is_held & histories.has_goal & has_past[histories.user_idx])
    asked = np.sort(rng.permutation(asked)[: config.eval_goals])
    rows = sp.csr_matrix((left.weight, (left.user_idx, left.item_idx)), left.shape)
    lexical = words_of_items(known, item_ids, config.seed)[0]
    return Study(texts, pieces, lexical, rows, held, histories.user_idx[asked], histories.item_idx[asked])


class Blocks:
    """The steps of a training: every pass shows each item that has a text and was met, in a new order.

    The same study, settings and step give the same block, so a resumed run needs no state of a generator.

    Attributes:
        per_pass: Steps of a pass.
        n_steps: Steps of the training.
    """

    def __init__(self, study: Study, config: EncoderConfig) -> None:
        self._pieces, self._by_item, self._seed = study.pieces, study.rows.tocsc(), config.seed
        n_texts = np.minimum(np.diff(study.pieces.indptr), PIECES) * (np.diff(self._by_item.indptr) > 0)
        self._items = np.flatnonzero(n_texts)
        self._has_others = np.diff(study.rows.indptr) > 1
        self.per_pass = -(-int(n_texts.sum()) // config.train_batch_size)
        self.n_steps = min(config.max_steps, config.epochs * self.per_pass)

    def block(self, step: int) -> Block:
        """Return what a step from 0 reads."""
        epoch, place = divmod(step, self.per_pass)
        order = np.random.default_rng([self._seed, epoch]).permutation(self._items)
        items = np.array_split(order, self.per_pass)[place]
        rng = np.random.default_rng([self._seed, epoch, place])
        places, texts = _drawn(self._pieces[items], PIECES, rng)
        met = self._by_item[:, items]
        chosen = np.sort(rng.permutation(np.flatnonzero(self._has_others[met.indices]))[:PAIRS])
        targets = np.repeat(np.arange(len(items)), np.diff(met.indptr))[chosen]
        return Block(items, texts, places, met.indices[chosen].astype(np.int64), targets, met.data[chosen])


def _drawn(pieces: sp.csr_matrix, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    row = np.repeat(np.arange(pieces.shape[0]), np.diff(pieces.indptr))
    order = np.lexsort((rng.random(len(row)), row))
    kept = order[np.arange(len(row)) - pieces.indptr[row] < n]
    return row[kept], pieces.indices[kept].astype(np.int64)
