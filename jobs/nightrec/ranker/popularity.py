"""Counts of items in windows that end now; NumPy only."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Seconds = npt.NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0


def window_counts(item_idx: Ints, last_at: Seconds, n_items: int, now: float,
                  days: Sequence[float]) -> Floats:  # fmt: skip
    """Count the users of each item in windows.

    Args:
        item_idx: `(n,)`, one row per user and item.
        last_at: `(n,)` seconds.
        n_items: Number of items.
        now: End of the windows in seconds; later rows count in none.
        days: Lengths of the windows.

    Returns:
        `(n_items, len(days))`.
    """
    age = (now - last_at) / SECONDS_PER_DAY
    return np.stack(
        [np.bincount(item_idx[(age >= 0) & (age < length)], minlength=n_items) for length in days], axis=1
    ).astype(np.float32)


def item_ages(item_idx: Ints, first_at: Seconds, last_at: Seconds, available_from: Seconds, now: float) -> Floats:
    """Tell how new items are and how long nobody took them.

    Args:
        item_idx: `(n,)`, one row per user and item.
        first_at: `(n,)` seconds.
        last_at: `(n,)` seconds.
        available_from: `(n_items,)` seconds, infinite where it is not known.
        now: In seconds; what becomes available later is 0 days old.

    Returns:
        `(n_items, 2)` days since the item could be had or was first taken, whichever came first, and since it was last
        taken or, where nobody took it, could be had; -1 where none of it is known.
    """
    first, latest = available_from.copy(), np.full(len(available_from), -np.inf)
    np.minimum.at(first, item_idx, first_at)
    np.maximum.at(latest, item_idx, last_at)
    latest = np.where(np.isfinite(latest), latest, available_from)
    ages = (now - np.stack([first, latest], axis=1)) / SECONDS_PER_DAY
    return np.where(np.isfinite(ages), np.maximum(ages, 0.0), -1.0).astype(np.float32)


def faded_counts(item_idx: Ints, last_at: Seconds, n_items: int, now: float, half_life_days: float) -> Floats:
    """Return `(n_items,)` counts in which a row `half_life_days` old is worth a half."""
    age = np.maximum(now - last_at, 0.0) / SECONDS_PER_DAY
    return np.bincount(item_idx, weights=0.5 ** (age / half_life_days), minlength=n_items).astype(np.float32)
