"""Deliver a simulated shop: the history first, then one day at a time that answers the lists published before it.

Reads   <lake>/<domain>/published (if any), <truth>/<domain>
Writes  <truth>/<domain>, then <landing>/<domain>/run_date=D. A delivery that is there stays as it is.
"""

from datetime import date, timedelta
from pathlib import Path

from nightrec.lake import Lake
from nightrec.landing import write_delivery
from nightrec.published import published_dates
from nightrec.settings import Config
from nightrec.simulator.catalogue import catalogue, changed
from nightrec.simulator.days import State, Visits, first_state, live, no_page, popular_page
from nightrec.simulator.events import log_day
from nightrec.simulator.pages import published_page
from nightrec.simulator.shop import Shop
from nightrec.simulator.truth import known_shop, read_state, write_days, write_world
from nightrec.simulator.world import World, make_world

DOMAIN = "simulated"


def truth_folder(config: Config) -> Path:
    """Return where the truth of a domain is written."""
    return config.home / "truth" / config.domain


def deliver(config: Config, shop: Shop | None = None, until: date | None = None) -> list[date]:
    """Make the deliveries that are due and return the dates of the new ones.

    Due are the first one, all up to `until`, and the one after the newest when that is published.

    Args:
        config: Settings of the domain.
        shop: What to simulate; None for what the truth folder describes, or the default shop.
        until: Deliver up to this date, whether or not lists were published.

    Raises:
        ConfigError: If the truth folder describes another shop.
    """
    world = make_world(known_shop(truth_folder(config), shop))
    lake = Lake(config.place(config.paths.lake), config.domain)
    made: list[date] = []
    while (day := _due(config, world, lake, until)) is not None:
        _deliver_day(config, world, lake, day)
        made.append(day)
    return made


def delivered_dates(config: Config, world: World) -> list[date]:
    """Return the dates of the deliveries that are there without a gap from the first on."""
    dates: list[date] = []
    day = world.shop.first_delivery
    while _folder(config, day).is_dir():
        dates.append(day)
        day += timedelta(days=1)
    return dates


def _due(config: Config, world: World, lake: Lake, until: date | None) -> date | None:
    delivered = delivered_dates(config, world)
    if not delivered:
        return world.shop.first_delivery
    following = delivered[-1] + timedelta(days=1)
    is_wanted = until is not None and following <= until
    return following if is_wanted or delivered[-1] in published_dates(lake) else None


def _deliver_day(config: Config, world: World, lake: Lake, day: date) -> None:
    truth, is_first = truth_folder(config), day == world.shop.first_delivery
    if is_first:
        write_world(truth, world)
    days, state = history(world) if is_first else _next_day(config, world, lake, day)
    write_days(truth / f"run_date={day}", world, days, state)
    last = world.day_of(day)
    items = catalogue(world, changed(world, last, is_first), last)
    events = (row for visits in days for row in log_day(world, visits))
    write_delivery(_folder(config, day), events=events, items=items)


def history(world: World) -> tuple[list[Visits], State]:
    """Return the visits of all days up to the first delivery, when the shop showed no page, and what they left."""
    days, state = [], first_state(world)
    for day in range(world.shop.history_days):
        visits, state = live(world, state, day, no_page(world))
        days.append(visits)
    return days, state


def _next_day(config: Config, world: World, lake: Lake, day: date) -> tuple[list[Visits], State]:
    state = read_state(truth_folder(config), world, delivered_dates(config, world))
    page = published_page(lake, world, day) or popular_page(world, state, world.day_of(day))
    visits, state = live(world, state, world.day_of(day), page)
    return [visits], state


def _folder(config: Config, day: date) -> Path:
    return Path(config.place(config.paths.landing)) / config.domain / f"run_date={day}"
