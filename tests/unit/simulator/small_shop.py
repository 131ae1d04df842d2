"""A small shop, and what its users did in some weeks."""

from functools import cache

import numpy as np

from nightrec.simulator.choices import NOTHING
from nightrec.simulator.deliver import history
from nightrec.simulator.shop import Shop
from nightrec.simulator.world import features, make_world

SMALL = {"users": 200, "items": 100, "history_days": 30, "visits": 0.35, "considered": 60}


@cache
def simulated(**settings):
    """Return the world and the visits of its history."""
    world = make_world(Shop.model_validate(SMALL | settings))
    return world, history(world)[0]


def choice_sets(world, days):
    """Return `(n, C, F)` features, `(n, C)` which could be chosen, `(n,)` which was, of visits with a purchase."""
    described, is_met, chosen = [], [], []
    for day in days:
        rows = np.flatnonzero(day.choices.is_bought)
        met = day.choices.met[rows]
        described.append(features(world, day.user[rows], day.needs.of(rows), np.maximum(met, 0), day.day))
        is_met.append(met != NOTHING)
        chosen.append(day.choices.best[rows, 0])
    return np.concatenate(described), np.concatenate(is_met), np.concatenate(chosen)
