"""Groups of users and of items for which importance is measured apart; NumPy only."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from nightrec.histories import Ints, Mask
from nightrec.ranker.describe import Lesson

ALL = "all"
COLD_USERS = 5
"""Items that fewer users met are cold."""
N_CATEGORIES = 5


@dataclass(frozen=True)
class Slice:
    """What counts in a slice.

    Attributes:
        name: `all`, `new_users`, `heavy_users`, `cold_items` or `category:<name>`.
        inside: `(U, C)` candidates that belong to it.
        relevant: `(U, C)` those of them that are goals.
        n_relevant: `(U,)` goals that belong to it, candidates or not; users without any are not measured.
    """

    name: str
    inside: Mask
    relevant: Mask
    n_relevant: Ints


def make_slices(lesson: Lesson, lengths: Ints, groups: Mapping[str, Mask]) -> list[Slice]:
    """Cut the lesson into everything, the quarters of users with the shortest and longest histories, and item groups.

    Args:
        lesson: Of `U` users.
        lengths: `(U,)` items in the history of each.
        groups: `(n_items,)` members by name of the slice.
    """
    inside, n_relevant = lesson.inside, lesson.n_relevant
    of_users = [
        Slice(name, inside & rows[:, None], lesson.relevant & rows[:, None], n_relevant * rows)
        for name, rows in user_groups(lengths).items()
    ]
    return of_users + [_of_items(lesson, name, members) for name, members in groups.items()]


def user_groups(lengths: Ints) -> dict[str, Mask]:
    """Return everybody, and the quarters of `(U,)` users with the shortest and the longest histories."""
    shortest, longest = np.quantile(lengths, [0.25, 0.75])
    users: dict[str, Mask] = {ALL: lengths >= 0}
    if shortest < longest:
        users |= {"new_users": lengths <= shortest, "heavy_users": lengths >= longest}
    return users


def _of_items(lesson: Lesson, name: str, members: Mask) -> Slice:
    inside = lesson.inside & members[lesson.candidates]
    n_relevant = np.array([members[wanted].sum() for _, wanted in lesson.goals])
    return Slice(name, inside, lesson.relevant & inside, n_relevant)


def item_groups(n_users: Ints, categories: Iterable[tuple[int, str | None]]) -> dict[str, Mask]:
    """Return the members of the slices of items.

    Args:
        n_users: `(n_items,)` users that met each item before the held-out interactions.
        categories: `item_idx` and names joined with a bar, or None.
    """
    named = [(item, {part.strip() for part in (names or "").split("|")} - {""}) for item, names in categories]
    counts = Counter(name for _, names in named for name in names)
    largest = sorted(counts, key=lambda name: (-counts[name], name))[:N_CATEGORIES]
    groups = {"cold_items": n_users < COLD_USERS}
    for name in largest:
        members = [item for item, names in named if name in names]
        groups[f"category:{name}"] = np.isin(np.arange(len(n_users)), members)
    return groups
