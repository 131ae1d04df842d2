"""Rows of `feature_importance`: means over users with intervals, and how they moved."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nightrec.importance.gains import Wide

Row = dict[str, Any]
KEY = ("model", "kind", "name", "slice")
Z = 1.96
"""Standard errors on each side of a mean in a 95 % interval."""


def importance_rows(values: Wide, names: Sequence[str], slices: Sequence[str], kind: str, min_users: int) -> list[Row]:
    """Average over users.

    Args:
        values: `(N, S, U)`; NaN where a user is not in the slice.
        names: The N names.
        slices: The S names.
        kind: Of the importance.
        min_users: Slices of fewer users are left out.

    Returns:
        Rows without model and changes; `low` and `high` are the mean -+ 1.96 standard errors over users.
    """
    rows: list[Row] = []
    for place, part in enumerate(slices):
        known = ~np.isnan(values[0, place])
        n_users = int(known.sum())
        if n_users < max(min_users, 2):
            continue
        of_users = values[:, place, known]
        means, errors = of_users.mean(axis=1), of_users.std(axis=1, ddof=1) / np.sqrt(n_users)
        for name, mean, error in zip(names, means.tolist(), errors.tolist(), strict=True):
            interval = {"value": mean, "low": mean - Z * error, "high": mean + Z * error}
            rows.append({"kind": kind, "name": name, "slice": part, **interval, "n_users": n_users})
    return rows


def with_changes(rows: Iterable[Row], night_before: Iterable[Row], week_before: Iterable[Row]) -> list[Row]:
    """Add `change_1d` and `change_7d`, None where the earlier night does not know the row."""
    before = {"change_1d": _by_key(night_before), "change_7d": _by_key(week_before)}
    return [row | {name: _change(row, values) for name, values in before.items()} for row in rows]


def _by_key(rows: Iterable[Row]) -> dict[tuple[str, ...], float]:
    return {_key(row): float(row["value"]) for row in rows}


def _change(row: Row, before: dict[tuple[str, ...], float]) -> float | None:
    earlier = before.get(_key(row))
    return None if earlier is None else float(row["value"]) - earlier


def _key(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in KEY)
