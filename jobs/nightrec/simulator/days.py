"""One day of the shop: who comes, what they choose, and what they look for afterwards."""

from dataclasses import dataclass

import numpy as np

from nightrec.simulator.choices import NOTHING, Choices, choose, come_across, look_at, spread
from nightrec.simulator.population import Floats, Ints
from nightrec.simulator.world import Mask, Needs, World, draw_needs

CHANGES_MIND = 0.1
"""Share of visits without purchase after which a user looks for something else."""
STAR_LIMITS = (-1.8, -1.0, -0.3, 0.6)
"""Utilities, in standard deviations from what is usually bought, above which there is one star more."""


@dataclass(frozen=True)
class State:
    """What a day leaves to the next.

    Attributes:
        needs: What each user looks for.
        to_review: `(U,)` item that was bought last and not reviewed; `NOTHING` for none.
        stars: `(U,)` what it will get.
        owned: Sorted keys `user * n_items + item` of everything ever bought.
    """

    needs: Needs
    to_review: Ints
    stars: Ints
    owned: Ints


@dataclass(frozen=True)
class Page:
    """What the shop shows: `items` `(U, P)`, `NOTHING` at empty places, and the published list that it came from."""

    items: Ints
    list_run_id: str | None


@dataclass(frozen=True)
class Visits:
    """The visits of a day, one row each; a user comes once a day at most.

    Attributes:
        day: Days after the first of the history.
        user: `(n,)`.
        needs: What each looked for when coming.
        next_needs: What each looks for when leaving.
        shown: `(n, P)` items of the page.
        list_run_id: Where the page came from.
        choices: What they chose.
        reviewed: `(n,)` item that is reviewed on coming; `NOTHING` for none.
        stars: `(n,)` of that review.
    """

    day: int
    user: Ints
    needs: Needs
    next_needs: Needs
    shown: Ints
    list_run_id: str | None
    choices: Choices
    reviewed: Ints
    stars: Ints


def first_state(world: World) -> State:
    """Return how things stand before the first day."""
    n = world.shop.users
    needs = draw_needs(world, np.arange(n), np.random.default_rng([world.shop.seed, 1]))
    return State(needs, np.full(n, NOTHING), np.zeros(n, np.int64), np.zeros(0, np.int64))


def live(world: World, state: State, day: int, page: Page) -> tuple[Visits, State]:
    """Let a day pass; equal worlds, states, days and pages give equal visits."""
    rng = np.random.default_rng([world.shop.seed, 2, day])
    users = np.flatnonzero((rng.random(world.shop.users) < world.users.visits) & (world.users.joined <= day))
    shown = page.items[users]
    others = come_across(world, len(users), day, rng)
    looked_at = np.where(look_at(world, shown, day, rng), shown, NOTHING)
    met = _new_to(state, world, users, looked_at), _new_to(state, world, users, others)
    choices = choose(world, users, state.needs.of(users), met, day, rng)
    reviews = (state.to_review[users] != NOTHING) & (rng.random(len(users)) < 0.5)
    reviewed = np.where(reviews, state.to_review[users], NOTHING)
    after = _after(world, state, users, choices, reviews, rng)
    needs, next_needs = state.needs.of(users), after.needs.of(users)
    visits = Visits(day, users, needs, next_needs, shown, page.list_run_id, choices, reviewed, state.stars[users])
    return visits, after


def stars(world: World, utility: Floats, rng: np.random.Generator) -> Ints:
    """Return the stars, 1 to 5, that bought items of some utility `(n,)` get; they follow it with some chance."""
    # Of many normal utilities, the chosen one lies about one variance above the mean.
    usual, unit = spread(world) ** 2, spread(world)
    felt = (utility - usual) / unit + 0.4 * rng.standard_normal(len(utility))
    return np.digitize(felt, STAR_LIMITS) + 1


def popular_page(world: World, state: State, day: int) -> Page:
    """Return the shop's own page, the same for all: what was bought most often of what can be had."""
    sold = np.bincount(state.owned % world.shop.items, minlength=world.shop.items)
    order = np.argsort(np.where(world.available(day), -sold, 1), kind="stable")
    best = order[: min(world.shop.page, int(world.available(day).sum()))]
    return Page(np.tile(best, (world.shop.users, 1)), None)


def no_page(world: World) -> Page:
    """Return the page of a shop that shows none."""
    return Page(np.zeros((world.shop.users, 0), np.int64), None)


def _new_to(state: State, world: World, users: Ints, items: Ints) -> Ints:
    """Leave out what a user has bought before."""
    keys = users[:, None] * world.shop.items + items
    return np.where((items != NOTHING) & ~_within(state.owned, keys), items, NOTHING)


def _within(ordered: Ints, keys: Ints) -> Mask:
    place = np.searchsorted(ordered, keys)
    padded = np.append(ordered, NOTHING)
    found: Mask = padded[place] == keys
    return found


def _after(world: World, state: State, users: Ints, choices: Choices, reviews: Mask, rng: np.random.Generator) -> State:
    bought = choices.is_bought
    renewed = users[bought | (rng.random(len(users)) < CHANGES_MIND)]
    drawn = draw_needs(world, renewed, rng)
    category, aspects = state.needs.category.copy(), state.needs.aspects.copy()
    category[renewed], aspects[renewed] = drawn.category, drawn.aspects
    to_review, given = state.to_review.copy(), state.stars.copy()
    to_review[users[reviews]] = NOTHING
    to_review[users[bought]] = choices.chosen()[bought]
    given[users[bought]] = stars(world, choices.chosen_utility()[bought], rng)
    keys = users[bought] * world.shop.items + choices.chosen()[bought]
    return State(Needs(category, aspects), to_review, given, np.sort(np.append(state.owned, keys)))
