"""Public data sets as shops would deliver them: the history as the first delivery, then day after day.

MovieLens, the embedded default domain, is 100,004 ratings of 9,066 films by 671 users, 1995 to 2016. The others need
their files in `data_sets.DATA_FOLDER`.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from nightrec.data_sets import DATA_FOLDER, READERS, as_event
from nightrec.landing import write_delivery
from nightrec.settings import Config

MOVIELENS = "movielens"
FIRST_DELIVERY = {MOVIELENS: date(2016, 9, 30), "instruments": date(2014, 6, 30), "toys": date(2014, 1, 1)}
"""All that happened up to this day comes at once, with the catalogue. Toys has no clock, so that is everything."""


def deliver(config: Config) -> list[date]:
    """Write the deliveries that are not there yet and return all their dates.

    Raises:
        InputError: If the files of the data set are missing.
    """
    shop, first = READERS[config.domain](DATA_FOLDER), FIRST_DELIVERY[config.domain]
    by_day: dict[date, list[dict[str, object]]] = {}
    for row in shop.events.to_pylist():
        day = max(datetime.fromtimestamp(row["at"], UTC).date(), first)
        by_day.setdefault(day, []).append(row)
    landing = Path(config.place(config.paths.landing)) / config.domain
    for day, rows in by_day.items():
        folder = landing / f"run_date={day}"
        if not folder.exists():
            items = [_item(row) for row in shop.items.to_pylist()] if day == first else []
            write_delivery(folder, events=(as_event(row, shop.event_type) for row in rows), items=items)
    return sorted(by_day)


def _item(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value} | {"language": "en"}
