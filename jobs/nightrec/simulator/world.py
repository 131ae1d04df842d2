"""The world of a shop, what its users look for, and what an item offers them; NumPy only."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from nightrec.simulator.population import Floats, Ints, Items, Users, draw_items, draw_users
from nightrec.simulator.shop import FEATURES, Shop
from nightrec.simulator.words import ASPECTS

LOOKED_FOR = 2
"""Aspects that a user looks for at a time."""
NEWNESS_DAYS = 30.0
"""An item is new for about so long."""
SAMPLED_PAIRS = 50_000
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """A shop, its users and its items.

    Attributes:
        shop: The settings that all else follows from.
        users: Its users.
        items: Its items.
        scale: `(2, F)` mean and standard deviation of the raw features over users and items.
    """

    shop: Shop
    users: Users
    items: Items
    scale: Floats

    @property
    def weights(self) -> Floats:
        """`(F,)` planted weight of each of `FEATURES`."""
        return np.array([getattr(self.shop.weights, name, 0.0) for name in FEATURES])

    def day_of(self, on: date) -> int:
        """Return how many days a date lies after the first of the history."""
        return (on - self.shop.first_delivery).days + self.shop.history_days - 1

    def date_of(self, day: int) -> date:
        """Return the date of a day; the reverse of `day_of`."""
        return self.shop.first_delivery + timedelta(days=day + 1 - self.shop.history_days)

    def available(self, day: int) -> Mask:
        """Tell for each item whether it can be had on a day."""
        return (self.items.arrives <= day) & (day <= self.items.leaves)


@dataclass(frozen=True)
class Needs:
    """What users look for: `category` `(n,)` and `aspects` `(n, LOOKED_FOR)`, the more wanted first."""

    category: Ints
    aspects: Ints

    def of(self, rows: Ints) -> "Needs":
        """Return some rows."""
        return Needs(self.category[rows], self.aspects[rows])


def make_world(shop: Shop) -> World:
    """Draw the users and items of a shop; equal shops give equal worlds."""
    rng = np.random.default_rng([shop.seed, 0])
    raw = World(
        shop, draw_users(shop, rng), draw_items(shop, rng), np.stack([np.zeros(len(FEATURES)), np.ones(len(FEATURES))])
    )
    users = rng.integers(0, shop.users, SAMPLED_PAIRS)
    items = rng.integers(0, shop.items, (SAMPLED_PAIRS, 1))
    sample = features(raw, users, draw_needs(raw, users, rng), items, shop.history_days // 2)
    return replace(raw, scale=np.stack([sample.mean((0, 1)), sample.std((0, 1))]))


def draw_needs(world: World, users: Ints, rng: np.random.Generator) -> Needs:
    """Draw what each of some users `(n,)` looks for next, by what each of them looks for at all times."""

    def best(frequencies: Floats, k: int) -> Ints:
        # The k highest of log p + Gumbel noise are a draw without replacement.
        noisy = np.log(frequencies[users] + 1e-9) + rng.gumbel(size=(len(users), frequencies.shape[1]))
        return np.argsort(-noisy, axis=1)[:, :k]

    return Needs(best(world.users.categories, 1)[:, 0], best(world.users.aspects, LOOKED_FOR))


def features(world: World, users: Ints, needs: Needs, items: Ints, day: int) -> Floats:
    """Describe items as users meet them.

    Args:
        world: The shop.
        users: `(n,)` places of users.
        needs: What each of them looks for.
        items: `(n, C)` places of items.
        day: When; an item is newest on the day it arrives.

    Returns:
        `(n, C, F)` in the order of `FEATURES`.
    """
    people, things = world.users, world.items
    has = np.zeros((len(things.price), len(ASPECTS)))
    np.put_along_axis(has, things.aspects, 1.0, axis=1)
    wanted = sum(has[items, aspect[:, None]] for aspect in needs.aspects.T)
    newness = np.exp(-np.maximum(day - things.arrives, 0) / NEWNESS_DAYS)
    raw = (
        np.einsum("ns,ncs->nc", people.taste[users], things.taste[items]),
        (things.category[items] == needs.category[:, None]) + 0.5 * wanted,
        -np.abs(np.log(things.price)[items] - people.budget[users][:, None]),
        things.fame[items],
        newness[items],
        things.noise[items],
    )
    mean, spread = world.scale
    standardised: Floats = (np.stack(raw, axis=2) - mean) / spread
    return standardised
