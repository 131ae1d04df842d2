"""Which users stand on the page, and under what name: their keys do not."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

KINDS = ("heavy", "middling", "light")
"""Thirds of the users, by length of history."""
NO_HISTORY = "new"


@dataclass(frozen=True)
class PageUser:
    """A user of the page.

    Attributes:
        user_id: Key, which never leaves this process.
        page_id: What stands in its place.
        kind: One of `KINDS`, or `NO_HISTORY`.
        n_items: Items of the history.
    """

    user_id: str
    page_id: str
    kind: str
    n_items: int


def page_id(domain: str, user_id: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of `domain/user_id`; the page's script makes the same."""
    return hashlib.sha256(f"{domain}/{user_id}".encode()).hexdigest()[:16]


def pick_users(n_items: Mapping[str, int], domain: str, max_users: int) -> list[PageUser]:
    """Pick users at even distances from the longest history to the shortest.

    Among equal lengths the hash decides, so a night repeated picks the same and nothing of a key shows in the choice.

    Args:
        n_items: Length of the history of every user who has a list.
        domain: Shop.
        max_users: Users, at most; at least 1.

    Returns:
        The longest history first.

    Raises:
        ValueError: If `max_users` is below 1.
    """
    if max_users < 1:
        raise ValueError(f"pick_users needs max_users >= 1, got {max_users}")
    ordered = sorted((-n, page_id(domain, user_id), user_id) for user_id, n in n_items.items())
    places = np.linspace(0, len(ordered) - 1, min(max_users, len(ordered))).round().astype(int).tolist()
    picked = [(place, *ordered[place]) for place in places]
    return [PageUser(user_id, name, _kind(place / len(ordered), -n), -n) for place, n, name, user_id in picked]


def _kind(position: float, n_items: int) -> str:
    return KINDS[int(position * len(KINDS))] if n_items else NO_HISTORY
