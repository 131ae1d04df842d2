"""What a shop logs of a day's visits: rows of the events feed."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

from nightrec.simulator import language
from nightrec.simulator.choices import NOTHING
from nightrec.simulator.days import Visits
from nightrec.simulator.keys import item_id, session_id, user_id
from nightrec.simulator.world import Mask, Needs, World

SEARCHES_FIRST, SEARCHES_NEXT, ASKS = 0.45, 0.35, 0.06
"""Shares of visits with a search on coming, with one for the next thing after a purchase, and with a question."""
OPENS, CLOSES = 6 * 3600, 22 * 3600
Row = dict[str, Any]


class _Log:
    """The events of a day's visits, in the order of their time."""

    def __init__(self, world: World, visits: Visits, rng: np.random.Generator) -> None:
        day = world.date_of(visits.day)
        midnight = datetime.combine(day, time(), UTC)
        starts = rng.integers(OPENS, CLOSES, len(visits.user)).tolist()
        self._start = [midnight + timedelta(seconds=second) for second in starts]
        self._user = [user_id(place) for place in visits.user.tolist()]
        self._session = [session_id(day, place) for place in visits.user.tolist()]
        self._rows: list[tuple[datetime, str, Row]] = []

    def add(self, visit: int, event_type: str, seconds: int, **columns: object) -> None:
        """Log one event of a visit, so many seconds after its start; at most one of a type and second."""
        at = self._start[visit] + timedelta(seconds=seconds)
        key = f"{self._session[visit]}-{seconds}-{event_type}"
        row = {"event_id": key, "user_id": self._user[visit], "event_type": event_type, "event_at": at.isoformat()}
        self._rows.append((at, key, {**row, **columns, "session_id": self._session[visit]}))

    def rows(self) -> list[Row]:
        """Return all events."""
        return [row for _, _, row in sorted(self._rows, key=lambda entry: entry[:2])]


def log_day(world: World, visits: Visits) -> list[Row]:
    """Return a day's events as rows of the events feed, in the order of their time."""
    rng = np.random.default_rng([world.shop.seed, 3, visits.day])
    log = _Log(world, visits, rng)
    _log_page(log, visits)
    _log_choices(log, world, visits)
    _log_texts(log, world, visits, rng)
    return log.rows()


def _log_page(log: _Log, visits: Visits) -> None:
    origin = {} if visits.list_run_id is None else {"list_run_id": visits.list_run_id}
    for event_type, is_logged, first in (
        ("impression", visits.shown != NOTHING, 20),
        ("click", visits.choices.clicked, 40),
    ):
        for visit, place in np.argwhere(is_logged).tolist():
            item = item_id(int(visits.shown[visit, place]))
            log.add(visit, event_type, first + place, item_id=item, **origin, rank=place + 1)


def _log_choices(log: _Log, world: World, visits: Visits) -> None:
    """Log a view of each of the best items that was not on the page, and the purchases."""
    page, choices = visits.shown.shape[1], visits.choices
    viewed = np.take_along_axis(choices.met, choices.best, axis=1)
    for visit, nth in np.argwhere((choices.best >= page) & (viewed != NOTHING)).tolist():
        log.add(visit, "view", 120 + 60 * nth, item_id=item_id(int(viewed[visit, nth])))
    for visit in np.flatnonzero(choices.is_bought).tolist():
        item = int(viewed[visit, 0])
        log.add(visit, "purchase", 400, item_id=item_id(item), value=float(world.items.price[item]))


def _log_texts(log: _Log, world: World, visits: Visits, rng: np.random.Generator) -> None:
    n, items = len(visits.user), world.items
    speaks = world.users.language[visits.user].tolist()
    draws = rng.random((n, 4)).tolist()
    chosen = visits.choices.chosen()
    searches_first, searches_next, asks = rng.random((3, n)) < [[SEARCHES_FIRST], [SEARCHES_NEXT], [ASKS]]
    for visit in np.flatnonzero(visits.reviewed != NOTHING).tolist():
        item, stars = int(visits.reviewed[visit]), int(visits.stars[visit])
        known = [*items.aspects[item].tolist(), int(items.lacking[item])]
        text = language.review(speaks[visit], int(items.category[item]), known, stars, draws[visit][0])
        log.add(visit, "review", 0, item_id=item_id(item), value=stars, text=text)
    for visit, category, aspects in _looked_for(visits.needs, searches_first):
        text = language.search(speaks[visit], category, aspects, draws[visit][1])
        log.add(visit, "search", 10, text=text)
    for visit, _, aspects in _looked_for(visits.needs, asks & (chosen != NOTHING)):
        category = int(items.category[chosen[visit]])
        text = language.question(speaks[visit], category, aspects, draws[visit][2])
        log.add(visit, "question", 350, item_id=item_id(int(chosen[visit])), text=text)
    for visit, category, aspects in _looked_for(visits.next_needs, searches_next & visits.choices.is_bought):
        text = language.search(speaks[visit], category, aspects, draws[visit][3])
        log.add(visit, "search", 600, text=text)


def _looked_for(needs: Needs, writes: Mask) -> Iterator[tuple[int, int, list[int]]]:
    for visit in np.flatnonzero(writes).tolist():
        yield visit, int(needs.category[visit]), needs.aspects[visit].tolist()
