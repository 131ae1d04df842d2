"""The planted truth as files, outside the landing folder, so that what a night finds can be compared with it.

shop.json, users.parquet, items.parquet      settings and weights, tastes, what items are like
run_date=D/visits.parquet                    the visits that delivery D logs, what was looked for and bought
run_date=D/needs.parquet                     what every user looks for at the end of D
"""

import shutil
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nightrec.errors import ConfigError
from nightrec.simulator.choices import NOTHING
from nightrec.simulator.days import State, Visits
from nightrec.simulator.keys import item_id, session_id, user_id
from nightrec.simulator.population import Ints, Items, Users
from nightrec.simulator.shop import Shop
from nightrec.simulator.words import ASPECTS, CATEGORIES
from nightrec.simulator.world import Needs, World

SHOP, VISITS, NEEDS = "shop.json", "visits.parquet", "needs.parquet"


def known_shop(folder: Path, wanted: Shop | None) -> Shop:
    """Return the shop that a truth folder describes; without one, the wanted shop or the default.

    Raises:
        ConfigError: If the folder describes another shop than the wanted one.
    """
    if not (folder / SHOP).is_file():
        return wanted or Shop()
    known = Shop.model_validate_json((folder / SHOP).read_text(encoding="utf-8"))
    if wanted is not None and wanted != known:
        pairs = ((name, getattr(wanted, name), getattr(known, name)) for name in Shop.model_fields)
        differences = ", ".join(f"{name} wanted {new}, there {old}" for name, new, old in pairs if new != old)
        raise ConfigError(
            f"{folder / SHOP} describes another shop: {differences}; leave the settings out to go on with it, or "
            "delete its folders below landing, lake and truth to begin anew"
        )
    return known


def write_world(folder: Path, world: World) -> None:
    """Write what does not change from day to day; `shop.json` comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    users = [user_id(place) for place in range(world.shop.users)]
    items = [item_id(place) for place in range(world.shop.items)]
    pq.write_table(_table("user_id", users, world.users), folder / "users.parquet")
    pq.write_table(_table("item_id", items, world.items), folder / "items.parquet")
    (folder / SHOP).write_text(world.shop.model_dump_json(indent=1), encoding="utf-8")


def write_days(folder: Path, world: World, days: Sequence[Visits], state: State) -> None:
    """Write the truth of one delivery, aside first.

    Args:
        folder: `<truth>/<domain>/run_date=YYYY-MM-DD`; it is replaced.
        world: The shop.
        days: Visits of the days that the delivery brings.
        state: How things stand at its end.
    """
    aside = folder.with_name(f"_{folder.name}")
    for old in (aside, folder):
        shutil.rmtree(old, ignore_errors=True)
    aside.mkdir(parents=True)
    pq.write_table(pa.concat_tables([_visits(world, day) for day in days]), aside / VISITS)
    needs = {"user_id": [user_id(place) for place in range(world.shop.users)], **_needs(state.needs)}
    pq.write_table(pa.table(needs | {"to_review": state.to_review, "stars": state.stars}), aside / NEEDS)
    aside.rename(folder)


def read_state(folder: Path, world: World, delivered: Sequence[date]) -> State:
    """Return how things stand after some deliveries, in order of their dates."""
    needs = pq.read_table(folder / f"run_date={delivered[-1]}" / NEEDS)
    known = [pq.read_table(folder / f"run_date={day}" / VISITS, columns=["user", "bought"]) for day in delivered]
    user, bought = (_ints(pa.concat_tables(known), name) for name in ("user", "bought"))
    owned = np.sort((user * world.shop.items + bought)[bought != NOTHING])
    looked_for = Needs(_ints(needs, "category"), np.array(needs["aspects"].to_pylist()))
    return State(looked_for, _ints(needs, "to_review"), _ints(needs, "stars"), owned)


def _table(key: str, keys: Sequence[str], rows: Users | Items) -> pa.Table:
    columns = {field.name: getattr(rows, field.name) for field in fields(rows)}
    return pa.table({key: keys} | {name: _column(values) for name, values in columns.items()})


def _column(values: np.ndarray) -> list[object] | np.ndarray:
    return values if values.ndim == 1 else values.tolist()


def _visits(world: World, visits: Visits) -> pa.Table:
    day, choices = world.date_of(visits.day), visits.choices
    columns = {
        "session_id": pa.array([session_id(day, place) for place in visits.user.tolist()], pa.string()),
        "user": visits.user,
        **_needs(visits.needs),
        "bought": np.where(choices.is_bought, choices.chosen(), NOTHING),
        "utility": choices.chosen_utility(),
    }
    return pa.table(columns)


def _needs(needs: Needs) -> dict[str, object]:
    """Return places in `CATEGORIES` and `ASPECTS`, and their English words."""
    category, aspects = needs.category.tolist(), needs.aspects.tolist()
    return {
        "category": needs.category,
        "category_word": pa.array([CATEGORIES[place].en for place in category], pa.string()),
        "aspects": pa.array(aspects, pa.list_(pa.int64())),
        "aspect_words": pa.array([[ASPECTS[place].en for place in row] for row in aspects], pa.list_(pa.string())),
    }


def _ints(table: pa.Table, column: str) -> Ints:
    return np.asarray(table[column]).astype(np.int64)
