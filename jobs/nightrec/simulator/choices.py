"""How visitors choose: multinomial choice over the items that they come across, and clicks on what they are shown.

An item's utility is its features by the planted weights; chance adds a standard Gumbel variable to each item and to
buying nothing, so that the choice is a conditional logit. Source: McFadden 1974, Conditional logit analysis.
"""

from dataclasses import dataclass

import numpy as np

from nightrec.simulator.population import Floats, Ints
from nightrec.simulator.world import Mask, Needs, World, features

NOTHING = -1
"""Stands for no item, and for places that no item fills."""
VIEWED = 2
"""Best items of a visit that are looked at more closely."""


@dataclass(frozen=True)
class Choices:
    """What `n` visitors came across and chose.

    Attributes:
        met: `(n, P + C)` items; first the places of the page. `NOTHING` where there was none that could be chosen.
        utility: `(n, P + C)` without chance; minus infinity for `NOTHING`.
        best: `(n, VIEWED)` places in `met`, the most wanted first.
        is_bought: `(n,)` whether the most wanted one was bought.
        clicked: `(n, P)` places of the page that were clicked.
    """

    met: Ints
    utility: Floats
    best: Ints
    is_bought: Mask
    clicked: Mask

    def chosen(self) -> Ints:
        """Return `(n,)` the most wanted item."""
        return np.take_along_axis(self.met, self.best[:, :1], axis=1)[:, 0]

    def chosen_utility(self) -> Floats:
        """Return `(n,)` the utility of the most wanted item, without chance."""
        return np.take_along_axis(self.utility, self.best[:, :1], axis=1)[:, 0]


def come_across(world: World, n: int, day: int, rng: np.random.Generator) -> Ints:
    """Draw `(n, C)` available items evenly, each at most once a row; `NOTHING` in place of repeats."""
    available = np.flatnonzero(world.available(day))
    drawn = np.sort(available[rng.integers(0, len(available), (n, world.shop.considered))], axis=1)
    drawn[:, 1:][drawn[:, 1:] == drawn[:, :-1]] = NOTHING
    return drawn


def look_at(world: World, shown: Ints, day: int, rng: np.random.Generator) -> Mask:
    """Draw which places of shown pages `(n, P)` are looked at; the higher, the likelier, and never what is gone."""
    attention = np.arange(1, shown.shape[1] + 1) ** -world.shop.attention
    looked_at: Mask = (rng.random(shown.shape) < attention) & (shown != NOTHING) & world.available(day)[shown]
    return looked_at


def choose(
    world: World, users: Ints, needs: Needs, met: tuple[Ints, Ints], day: int, rng: np.random.Generator
) -> Choices:
    """Let visitors choose among the items that they come across.

    Args:
        world: The shop.
        users: `(n,)` places of the visitors.
        needs: What they look for.
        met: `(n, P)` items of the page that they look at, and `(n, C)` others; `NOTHING` at empty places. What stands
            in both counts once, on the page.
        day: When.
        rng: Source of chance.
    """
    page, others = met
    others = np.where((others[:, :, None] == page[:, None, :]).any(2), NOTHING, others)
    both = np.hstack([page, others])
    sums = features(world, users, needs, np.maximum(both, 0), day) @ world.weights
    utility = np.where(both == NOTHING, -np.inf, sums)
    noisy = utility + rng.gumbel(size=utility.shape)
    best = np.argsort(-noisy, axis=1)[:, :VIEWED]
    is_bought = np.take_along_axis(noisy, best, axis=1)[:, 0] > nothing_else(world) + rng.gumbel(size=len(users))
    clicked = utility[:, : page.shape[1]] + rng.logistic(size=page.shape) > spread(world)
    clicked |= is_bought[:, None] & (best[:, :1] == np.arange(page.shape[1]))
    return Choices(both, utility, best, is_bought, clicked)


def spread(world: World) -> float:
    """Return the standard deviation of utility over items, without chance."""
    return float(np.linalg.norm(world.weights))


def nothing_else(world: World) -> float:
    """Return the utility of buying nothing: as much as all items of an average visit together, or nearly."""
    return float(np.log(world.shop.considered) + spread(world) ** 2 / 2)
