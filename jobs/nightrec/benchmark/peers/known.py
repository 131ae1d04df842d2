"""What a peer knows: the events of some parts of a split, as arrays, and the texts of the same parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from nightrec.benchmark.lists import Floats, Ints, place_in
from nightrec.benchmark.protocols import PARTS
from nightrec.benchmark.splits import read

Mask = npt.NDArray[np.bool_]
Settings = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Known:
    """One row per user and item, by user, time and item.

    Attributes:
        user_idx: `(n,)`.
        item_idx: `(n,)`.
        at: `(n,)` seconds.
        is_relevant: `(n,)`.
        users: Keys in the order of `user_idx`.
        items: Keys in the order of `item_idx`: the whole catalogue.
        texts: What is known of each item, joined; empty where nothing is.
        vectors: `(n_items, D)` unit mean of the frozen vectors of its texts; zeros without.
    """

    user_idx: Ints
    item_idx: Ints
    at: Ints
    is_relevant: Mask
    users: pa.Array
    items: pa.Array
    texts: list[str]
    vectors: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Number of users and of items."""
        return len(self.users), len(self.items)

    @cached_property
    def seen(self) -> sp.csr_matrix:
        """`(n_users, n_items)` ones at pairs that met."""
        ones = np.ones(len(self.user_idx), np.float32)
        return sp.csr_matrix((ones, (self.user_idx, self.item_idx)), self.shape)

    @property
    def has_ratings(self) -> bool:
        """Whether some events are not relevant, so that leaving them out is a choice."""
        return not bool(self.is_relevant.all())

    def profile(self, rows: str, power: float) -> sp.csr_matrix:
        """Return `(n_users, n_items)` weights of histories.

        Args:
            rows: `all` events or the `relevant` ones.
            power: The item `b` places from the newest counts `(1 + b) ** -power`; 0 for no decay.
        """
        kept = self.is_relevant if rows == "relevant" else np.full(len(self.user_idx), True)
        user_idx, item_idx = self.user_idx[kept], self.item_idx[kept]
        ends = np.cumsum(np.bincount(user_idx, minlength=self.shape[0]))
        weight = (ends[user_idx] - np.arange(len(user_idx))).astype(np.float32) ** -power
        return sp.csr_matrix((weight, (user_idx, item_idx)), self.shape)


Model = Callable[[Known, Ints], Floats]
"""Scores `(B, n_items)` of users `(B,)`, given what is known of their histories when lists are made."""
Fit = Callable[[Known, Settings], Model]
Trial = tuple[Settings, Model]
Courses = Callable[[Known], Iterator[Iterator[Trial]]]


@dataclass(frozen=True)
class Peer:
    """One competitor.

    Attributes:
        grid: The settings that are tried, in words.
        courses: Yields series of settings and the model that they give, fitted on what is known; each series is one
            training that goes on, or a grid.
        fit: Fits with the settings found.
        patience: Trials of a series without improvement before it is left; None tries all.
        has_train_only: Whether it lists a second time, with a model fitted on train alone that reads the histories of
            both parts: what the literature reports.
    """

    grid: str
    courses: Courses
    fit: Fit
    patience: int | None = None
    has_train_only: bool = False


def each(grid: Callable[[Known], Sequence[Settings]], fit: Fit) -> Courses:
    """Return one series that fits anew for each settings of a grid."""
    return lambda known: iter([((settings, fit(known, settings)) for settings in grid(known))])


def row_choices(known: Known) -> list[str]:
    """Return which events may be learnt from: all, and the relevant ones where that is a difference."""
    return ["all", "relevant"] if known.has_ratings else ["all"]


def read_known(split: Path, parts: Sequence[str]) -> Known:
    """Read what some parts of a split tell.

    Args:
        split: A split folder with `vectors.parquet`.
        parts: `["train"]` while tuning, `["train", "validation"]` for the lists.
    """
    everyone = pa.concat_tables([read(split, part).select(["user_id"]) for part in PARTS])["user_id"]
    users, items = everyone.unique().sort(), read(split, "items")["item_id"].combine_chunks()
    log = pa.concat_tables([read(split, part) for part in parts])
    user_idx, item_idx = place_in(log["user_id"], users), place_in(log["item_id"], items)
    at, order = np.asarray(log["at"]), np.lexsort((item_idx, np.asarray(log["at"]), user_idx))
    is_relevant = np.asarray(log["is_relevant"])[order]
    described = read(split, "vectors")
    described = described.filter(pc.is_in(described["part"], value_set=pa.array(list(parts))))
    texts, vectors = join_texts(described, items)
    return Known(user_idx[order], item_idx[order], at[order], is_relevant, users, items, texts, vectors)


def join_texts(described: pa.Table, items: pa.Array) -> tuple[list[str], Floats]:
    """Join the texts of each item, and average and normalise their vectors."""
    place = place_in(described["item_id"], items)
    texts: list[list[str]] = [[] for _ in range(len(items))]
    for item, text in zip(place.tolist(), described["text"].to_pylist(), strict=True):
        texts[item].append(text)
    flat = np.asarray(described["vector"].combine_chunks().flatten(), dtype=np.float32)
    sums = np.zeros((len(items), len(flat) // max(1, len(place))), np.float32)
    np.add.at(sums, place, flat.reshape(len(place), -1))
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return [". ".join(some) for some in texts], np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
