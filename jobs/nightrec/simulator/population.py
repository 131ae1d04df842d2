"""Who the users are and what the items are like: everything planted that does not change from day to day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightrec.simulator.shop import Shop
from nightrec.simulator.words import ASPECTS, CATEGORIES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
STYLES = 4
"""Length of taste vectors; so few that some dozen choices show a user's."""
ASPECTS_OF_AN_ITEM = 3
SPREAD_OF_PRICES = 0.6
LATER_DAYS = 60
"""Days after the first delivery in which new users and items still come."""
CONCENTRATION = 0.3
"""Of the Dirichlet distributions of what users look for: most of a user's wishes are of few kinds."""
FOREVER = 1 << 30


@dataclass(frozen=True)
class Users:
    """One row per user.

    Attributes:
        language: `(U,)` place in `LANGUAGES`.
        taste: `(U, STYLES)`.
        budget: `(U,)` logarithm of the price that suits.
        categories: `(U, categories)` how often each is looked for; rows add up to 1.
        aspects: `(U, aspects)` likewise.
        visits: `(U,)` probability of a visit a day.
        joined: `(U,)` first day of visits; days count from the first of the history.
    """

    language: Ints
    taste: Floats
    budget: Floats
    categories: Floats
    aspects: Floats
    visits: Floats
    joined: Ints


@dataclass(frozen=True)
class Items:
    """One row per item.

    Attributes:
        language: `(I,)` place in `LANGUAGES`.
        taste: `(I, STYLES)`.
        category: `(I,)` place in `CATEGORIES`.
        aspects: `(I, ASPECTS_OF_AN_ITEM)` different places in `ASPECTS`.
        lacking: `(I,)` an aspect that the item does not have.
        price: `(I,)` in the shop's currency.
        fame: `(I,)` what is known of the item, as a logarithm.
        noise: `(I,)` without any influence.
        arrives: `(I,)` first day of availability; below 0 for items older than the history.
        leaves: `(I,)` last day of availability; `FOREVER` for most.
    """

    language: Ints
    taste: Floats
    category: Ints
    aspects: Ints
    lacking: Ints
    price: Floats
    fame: Floats
    noise: Floats
    arrives: Ints
    leaves: Ints


def draw_users(shop: Shop, rng: np.random.Generator) -> Users:
    """Draw the users of a shop."""
    n, last = shop.users, shop.history_days + LATER_DAYS
    later = rng.random(n) < 0.1
    return Users(
        language=(rng.random(n) < shop.chinese_frac).astype(np.int64),
        taste=rng.standard_normal((n, STYLES)),
        budget=3.0 + SPREAD_OF_PRICES * rng.standard_normal(n),
        categories=rng.dirichlet(np.full(len(CATEGORIES), CONCENTRATION), n),
        aspects=rng.dirichlet(np.full(len(ASPECTS), CONCENTRATION), n),
        visits=np.clip(rng.gamma(2.0, shop.visits / 2.0, n), 0.01, 0.95),
        joined=np.where(later, rng.integers(0, last, n), 0),
    )


def draw_items(shop: Shop, rng: np.random.Generator) -> Items:
    """Draw the items of a shop."""
    n, last = shop.items, shop.history_days + LATER_DAYS
    aspects = rng.permuted(np.tile(np.arange(len(ASPECTS)), (n, 1)), axis=1)[:, : ASPECTS_OF_AN_ITEM + 1]
    later = rng.random(n) < 0.2
    arrives = np.where(later, rng.integers(1, last, n), -rng.integers(0, 300, n))
    leaves = np.where(rng.random(n) < 0.1, np.maximum(arrives, 0) + rng.integers(20, last, n), FOREVER)
    return Items(
        language=(rng.random(n) < shop.chinese_frac).astype(np.int64),
        taste=rng.standard_normal((n, STYLES)),
        category=rng.integers(0, len(CATEGORIES), n),
        aspects=aspects[:, :ASPECTS_OF_AN_ITEM],
        lacking=aspects[:, -1],
        price=np.exp(3.0 + SPREAD_OF_PRICES * rng.standard_normal(n)).round(2),
        fame=rng.standard_normal(n),
        noise=rng.standard_normal(n),
        arrives=arrives,
        leaves=leaves,
    )
