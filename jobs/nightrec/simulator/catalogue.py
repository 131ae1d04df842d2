"""The shop's catalogue: rows of the items feed."""

from typing import Any

import numpy as np

from nightrec.simulator import language
from nightrec.simulator.keys import item_id
from nightrec.simulator.population import FOREVER, Ints
from nightrec.simulator.words import CATEGORIES, LANGUAGES
from nightrec.simulator.world import World

Row = dict[str, Any]


def catalogue(world: World, places: Ints, day: int) -> list[Row]:
    """Return items as rows of the items feed, as they are known at the end of a day.

    Args:
        world: The shop.
        places: Which items.
        day: The end of an item's availability is known from its last day on.
    """
    rng = np.random.default_rng([world.shop.seed, 4])
    draws = rng.random(world.shop.items).tolist()
    return [_item(world, place, day, draws[place]) for place in places.tolist()]


def _item(world: World, place: int, day: int, draw: float) -> Row:
    items = world.items
    speaks, category = int(items.language[place]), int(items.category[place])
    aspects, leaves = items.aspects[place].tolist(), int(items.leaves[place])
    row = {
        "item_id": item_id(place),
        "title": language.title(speaks, category, aspects, place),
        "description": language.description(speaks, category, aspects, draw),
        "categories": [CATEGORIES[category].en],
        "tags": language.tags(aspects),
        "price": float(items.price[place]),
        "available_from": f"{world.date_of(int(items.arrives[place]))}T00:00:00Z",
        "language": LANGUAGES[speaks],
    }
    gone = {"available_to": f"{world.date_of(leaves)}T23:59:59Z"} if leaves != FOREVER and leaves <= day else {}
    return row | gone


def changed(world: World, day: int, is_first: bool) -> Ints:
    """Return the items that a delivery brings: those that arrive tomorrow and those that leave today.

    Args:
        world: The shop.
        day: Of the delivery.
        is_first: Everything that has come until tomorrow; else what is new since yesterday.
    """
    arrives, leaves = world.items.arrives, world.items.leaves
    return np.flatnonzero(arrives <= day + 1 if is_first else (arrives == day + 1) | (leaves == day))
