"""From files of lists to the rows of a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nightrec.benchmark.lists import Ints
from nightrec.benchmark.measure import Interval, Wide, accuracy, bootstrap, diversity, spread
from nightrec.benchmark.truth import Truth
from nightrec.benchmark.watch import Cost

OURS = "nightrec"
K = 10
COMPARED = (f"recall@{K}", f"ndcg@{K}")


@dataclass(frozen=True)
class Entry:
    """One competitor.

    Attributes:
        name: As the report shows it.
        group: `ours`, `source`, `join` or `peer`.
        lists: `(U, LENGTH)`.
        cost: What making the lists took; None where the cost is part of another row.
        about: Settings found, grid and what it was fitted on.
    """

    name: str
    group: str
    lists: Ints
    cost: Cost | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """An entry with its measures.

    Attributes:
        entry: Whose.
        metrics: Means over users, spread at `K` and slices, by name.
        against_ours: Differences to `OURS`, by metric; empty for ours.
    """

    entry: Entry
    metrics: dict[str, float]
    against_ours: dict[str, Interval]


def make_rows(entries: list[Entry], truth: Truth) -> list[Row]:
    """Measure all entries on the same users.

    Args:
        entries: One of them is named `OURS`.
        truth: The test.

    Returns:
        A row an entry, in the same order.

    Raises:
        ValueError: If no entry is ours.
    """
    by_user = {entry.name: accuracy(entry.lists, truth.relevant) for entry in entries}
    if OURS not in by_user:
        raise ValueError(f"no entry is named {OURS!r}, got {sorted(by_user)}")
    rows = []
    for entry in entries:
        mine = by_user[entry.name]
        gaps = {name: bootstrap(mine[name], by_user[OURS][name]) for name in COMPARED if entry.name != OURS}
        means = {name: float(np.nanmean(values)) for name, values in mine.items()}
        rows.append(Row(entry, means | spread_of(entry.lists, truth) | slices(entry.lists, mine, truth), gaps))
    return rows


def spread_of(lists: Ints, truth: Truth) -> dict[str, float]:
    """Return coverage, Gini, entropy, Simpson and diversity of the first `K` places."""
    wide = spread(lists, int(truth.may_list.sum()), K)
    return {f"{name}@{K}": value for name, value in (wide | {"diversity": diversity(lists, truth.vectors, K)}).items()}


def slices(lists: Ints, overall: Mapping[str, Wide], truth: Truth) -> dict[str, float]:
    """Return NDCG@K of users with short histories, and of head and tail items, over users who have any to find."""
    name = f"ndcg@{K}"
    out = {"short_histories": mean(overall[name][truth.is_short])}
    for label, items in (("head_items", truth.is_head), ("tail_items", ~truth.is_head)):
        out[label] = mean(accuracy(lists, truth.within(items))[name])
    return {f"{label} {name}": value for label, value in out.items()}


def mean(values: Wide) -> float:
    """Return the mean of what is not nan; nan when nothing is left."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")
