"""What is delivered: repeatable bytes, day after day, answers to published lists, texts, the truth beside it."""

import gzip
import json
import re
import shutil
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulator.small_shop import SMALL

from nightrec.config import load_config
from nightrec.errors import ConfigError
from nightrec.lake import Lake
from nightrec.local.night import deliveries_of, next_night
from nightrec.published import write_pointer
from nightrec.schemas import contract
from nightrec.simulator.__main__ import main, shop_of
from nightrec.simulator.catalogue import catalogue, changed
from nightrec.simulator.deliver import deliver, truth_folder
from nightrec.simulator.shop import Shop
from nightrec.simulator.words import ASPECTS, CATEGORIES
from nightrec.simulator.world import make_world

SHOP = Shop.model_validate(SMALL)
D1 = SHOP.first_delivery
D2, D3 = D1 + timedelta(days=1), D1 + timedelta(days=2)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    return load_config("simulated")


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return the settings of a home with three deliveries that nobody answered with lists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path_factory.mktemp("home")))
        config = load_config("simulated")
    deliver(config, SHOP, until=D3)
    return config


@pytest.fixture
def begun(config, history):
    """Return the settings of a home with the first delivery alone."""
    kept = shutil.ignore_patterns(f"run_date={D2}", f"run_date={D3}")
    for part in ("landing", "truth"):
        shutil.copytree(history.home / part, config.home / part, ignore=kept)
    return config


def rows(config, day, feed="events"):
    path = config.home / f"landing/simulated/run_date={day}/{feed}/{feed}.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()] if path.exists() else []


def contents(config):
    files = [path for part in ("landing", "truth") for path in (config.home / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(config.home)): path.read_bytes() for path in files}


def publish(config, day, lists, run_id):
    """Publish lists as `publish_top_n` does; everyone without a list sees items 90 to 99."""
    lake = Lake(config.place(config.paths.lake), "simulated")
    topn = [(user, place + 1, item) for user, items in lists.items() for place, item in enumerate(items)]
    tables = {
        "topn": {"user_id": [u for u, _, _ in topn], "rank": [r for _, r, _ in topn], "item_id": [i for *_, i in topn]},
        "fallback": {"rank": list(range(1, 11)), "item_id": [f"i{place:05d}" for place in range(90, 100)]},
    }
    folders = {name: lake.path(f"published/run_date={day}/{name}.v1") for name in tables}
    for name, columns in tables.items():
        lake.fs.create_dir(folders[name], recursive=True)
        schema = pa.schema([contract(name).arrow().field(column) for column in columns])
        pq.write_table(pa.table(columns, schema=schema), f"{folders[name]}/part-0.parquet")
    for pointer in (f"run_date={day}", "latest"):
        write_pointer(lake, pointer, {"run_date": str(day), "run_id": run_id, **folders})


def test_same_seed_same_bytes_whether_at_once_or_day_by_day(config, history):
    assert [deliver(config, SHOP, until=day) for day in (None, D2, D3)] == [[D1], [D2], [D3]]

    assert contents(config) == contents(history)


def test_another_seed_gives_another_shop(config, history):
    deliver(config, Shop.model_validate(SMALL | {"seed": 2}))

    assert rows(config, D1) != rows(history, D1)


def test_a_lost_delivery_comes_back_the_same(begun, history):
    deliver(begun, until=D3)
    shutil.rmtree(begun.home / f"landing/simulated/run_date={D3}")
    shutil.rmtree(truth_folder(begun) / f"run_date={D3}")

    assert deliver(begun, until=D3) == [D3]
    assert contents(begun) == contents(history)


def test_events_fit_the_contract_and_their_delivery(history):
    events = contract("events")
    keys = set()
    for day, first in ((D1, D1 - timedelta(days=29)), (D2, D2), (D3, D3)):
        delivered = rows(history, day)
        assert delivered == sorted(delivered, key=lambda row: row["event_at"])
        for row in delivered:
            assert set(row) <= set(events.names)
            assert first <= datetime.fromisoformat(row["event_at"]).date() <= day
            assert ("item_id" in row) == (row["event_type"] != "search")
            keys.add(row["event_id"])
    kinds = {row["event_type"] for row in rows(history, D1) + rows(history, D2)}

    assert len(keys) == sum(len(rows(history, day)) for day in (D1, D2, D3))
    assert kinds == {"impression", "click", "view", "purchase", "review", "question", "search"}


def test_without_lists_the_shop_shows_its_own_popular_page(history):
    shown = [row for row in rows(history, D2) if row["event_type"] in ("impression", "click")]
    sold = np.unique(
        [row["item_id"] for row in rows(history, D1) if row["event_type"] == "purchase"], return_counts=True
    )
    most = sorted(sold[1])[-10]

    assert shown
    assert not any("list_run_id" in row for row in shown)
    assert {row["rank"] for row in shown} == set(range(1, 11))
    assert len({row["item_id"] for row in shown}) == 10
    assert {row["item_id"] for row in shown} & {item for item, n in zip(*sold, strict=True) if n >= most}


def test_the_next_delivery_waits_for_the_lists_of_the_newest(begun):
    assert deliver(begun) == []
    publish(begun, D1, {}, "r1")
    assert deliver(begun) == [D2]
    assert deliver(begun) == []


def test_a_day_after_published_lists_answers_them(begun):
    lists = {f"u{user:05d}": [f"i{user % 80 + place:05d}" for place in range(10)] for user in range(100)}
    publish(begun, D1, lists, "r1")
    deliver(begun)
    answers = [row for row in rows(begun, D2) if row["event_type"] in ("impression", "click")]
    visits = {(row["user_id"], row["session_id"]) for row in rows(begun, D2)}

    assert {row["event_type"] for row in answers} == {"impression", "click"}
    assert {row["list_run_id"] for row in answers} == {"r1"}
    for row in answers:
        wanted = lists.get(row["user_id"], [f"i{place:05d}" for place in range(90, 100)])
        assert row["item_id"] == wanted[row["rank"] - 1]
        assert (row["user_id"], row["session_id"]) in visits
    assert len({row["user_id"] in lists for row in answers}) == 2  # the fallback was shown too


def test_stale_lists_stay_on_show_until_newer_ones_come(begun):
    publish(begun, D1, {}, "r1")
    deliver(begun, until=D3)

    assert {row.get("list_run_id") for row in rows(begun, D3) if row["event_type"] == "impression"} == {"r1"}


def test_each_user_writes_in_one_language_and_three_tenths_in_chinese(history):
    by_user = {}
    for row in rows(history, D1):
        if "text" in row:
            by_user.setdefault(row["user_id"], set()).add(bool(CHINESE.search(row["text"])))
    users = make_world(SHOP).users.language

    assert all(len(languages) == 1 for languages in by_user.values())
    assert all(users[int(user[1:])] == languages.pop() for user, languages in by_user.items())
    assert users.mean() == pytest.approx(0.3, abs=3 * (0.21 / 200) ** 0.5)


def test_a_search_foretells_the_next_purchase(history):
    """Compare the category searched for with the next purchase of the user, and with another user's."""
    world = make_world(SHOP)
    waiting, pairs = {}, []
    for row in rows(history, D1):
        if row["event_type"] == "search":
            waiting[row["user_id"]] = next(
                n for n, word in enumerate(CATEGORIES) if any(w in row["text"] for w in word)
            )
        elif row["event_type"] == "purchase" and row["user_id"] in waiting:
            pairs.append((waiting.pop(row["user_id"]), world.items.category[int(row["item_id"][1:])]))
    searched, bought = np.array(pairs).T

    assert len(pairs) > 300
    assert np.mean(searched == bought) > 2.5 * np.mean(searched == np.roll(bought, 1))


def test_reviews_and_questions_name_what_they_are_about(history):
    world = make_world(SHOP)
    for row in rows(history, D1):
        if row["event_type"] in ("review", "question"):
            item, text = int(row["item_id"][1:]), row["text"].lower()
            named = {n for n, word in enumerate(ASPECTS) if any(w in text for w in word)}
            has = set(world.items.aspects[item].tolist())
            assert named
            if row["event_type"] == "review" and row["value"] > 3:
                assert named <= has
            if row["event_type"] == "review" and row["value"] < 3:
                assert named == {world.items.lacking[item]}


def test_the_catalogue_brings_items_a_day_ahead_and_says_when_one_left(history):
    items, world = make_world(SHOP).items, make_world(SHOP)
    first = {row["item_id"] for row in rows(history, D1, "items")}
    later = {row["item_id"]: row for day in (D2, D3) for row in rows(history, day, "items")}

    assert first == {f"i{n:05d}" for n in np.flatnonzero(items.arrives <= 30)}
    for name, row in later.items():
        place = int(name[1:])
        days = [world.day_of(D2), world.day_of(D3)]
        assert items.arrives[place] - 1 in days or items.leaves[place] in days
        assert ("available_to" in row) == (items.leaves[place] in days)
    assert len({row["title"] for row in rows(history, D1, "items")}) == len(first)


def test_an_item_that_leaves_is_delivered_again_on_its_last_day():
    world = make_world(SHOP)
    place = int(np.flatnonzero(world.items.leaves < 200)[0])
    last = int(world.items.leaves[place])
    before, after = (catalogue(world, np.array([place]), day)[0] for day in (last - 1, last))

    assert [place in changed(world, day, is_first=False) for day in (last - 1, last, last + 1)] == [False, True, False]
    assert "available_to" not in before
    assert after == before | {"available_to": f"{world.date_of(last)}T23:59:59Z"}


def test_the_truth_lies_beside_the_landing_folder(history):
    truth = truth_folder(history)
    visits = pq.read_table(truth / f"run_date={D2}" / "visits.parquet").to_pylist()
    bought = {(v["session_id"], f"i{v['bought']:05d}") for v in visits if v["bought"] >= 0}
    logged = {(r["session_id"], r["item_id"]) for r in rows(history, D2) if r["event_type"] == "purchase"}
    searches = {r["session_id"]: r["text"] for r in rows(history, D2) if r["event_id"].endswith("-10-search")}

    assert not list((history.home / "landing").rglob("*.parquet"))
    assert json.loads((truth / "shop.json").read_text())["weights"]["taste"] == 1.5
    assert pq.read_table(truth / "users.parquet").num_rows == 200
    assert pq.read_table(truth / "items.parquet").num_rows == 100
    assert pq.read_table(truth / f"run_date={D3}" / "needs.parquet").num_rows == 200
    assert bought == logged
    for visit in visits:
        if visit["session_id"] in searches:
            word = CATEGORIES[visit["category"]]
            assert word.en == visit["category_word"]
            assert any(w in searches[visit["session_id"]] for w in word)


def test_another_shop_cannot_go_on_with_what_is_there(begun):
    with pytest.raises(ConfigError, match=r"describes another shop: users wanted 3, there 200; leave"):
        deliver(begun, Shop.model_validate(SMALL | {"users": 3}))


def test_days_without_visitors_go_by(config):
    lonely = Shop.model_validate(SMALL | {"users": 1, "visits": 0.05, "considered": 1})

    assert deliver(config, lonely, until=D3) == [D1, D2, D3]
    assert {row["user_id"] for row in rows(config, D1)} == {"u00000"}
    assert pq.read_table(truth_folder(config) / f"run_date={D3}" / "visits.parquet").num_rows == 0


def test_bad_settings_are_all_named():
    with pytest.raises(ConfigError, match=r"(?s)items: .* \(got '3'\).*weights.noise: .* \(got '1'\).*user: "):
        shop_of(["user=3", "weights.noise=1", "items=3"])
    assert shop_of([]) is None
    assert shop_of(["users=3", "weights.text=0"]).weights.text == 0


def test_command_delivers_and_says_where_the_truth_is(config, caplog):
    caplog.set_level("INFO")
    small = [f"{name}={value}" for name, value in SMALL.items()]
    assert main(["--set", *small]) == 0
    assert main([]) == 0
    assert main(["--set", "users=3"]) == 2
    assert main(["--until", "tomorrow"]) == 2

    assert [record.message.split(":")[0] for record in caplog.records] == [
        f"delivered {D1}", "truth", "delivered nothing", "truth", "error", "error",
    ]  # fmt: skip


def test_make_night_delivers_the_next_day_when_the_night_before_is_published(begun):
    assert next_night(deliveries_of(begun), None, None) == D1
    publish(begun, D1, {}, "r1")
    assert next_night(deliveries_of(begun), D1, None) == D2
