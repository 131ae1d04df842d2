import json
import re

import pyarrow.dataset as ds
import pytest
from explorer.page_shop import DAY, HEAVY, LIGHT, QUOTE, WRITER, listed, met, shop_lake, similar

from nightrec.errors import MissingPartitionError
from nightrec.explorer import inputs
from nightrec.explorer.data import page_data
from nightrec.explorer.inputs import read_night
from nightrec.explorer.page import render
from nightrec.explorer.sample import page_id, pick_users
from nightrec.explorer.scan import tally
from nightrec.explorer.write import write_page


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return shop_lake(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def data(lake):
    return page_data(read_night(lake, DAY, max_users=200))


def named(data, place):
    return data["items"]["item_id"][place]


def test_page_id_is_the_start_of_a_sha256():
    assert page_id("shop", "u1") == "2e8743e62e179d42"  # printf shop/u1 | sha256sum
    assert page_id("shop", "u1") != page_id("shop2", "u1")


def test_users_are_picked_from_the_longest_history_to_the_shortest():
    n_items = {"a": 9, "b": 7, "c": 5, "d": 3, "e": 1}
    assert [(u.user_id, u.n_items) for u in pick_users(n_items, "shop", 3)] == [("a", 9), ("c", 5), ("e", 1)]
    assert [u.user_id for u in pick_users(n_items, "shop", 9)] == list("abcde")
    assert pick_users({}, "shop", 3) == []


def test_users_are_named_by_thirds_and_those_without_history_apart():
    kinds = [u.kind for u in pick_users({"a": 9, "b": 7, "c": 5, "d": 3, "e": 1, "f": 0}, "shop", 6)]
    assert kinds == ["heavy", "heavy", "middling", "middling", "light", "new"]


def test_users_are_picked_the_same_in_any_order_and_by_no_order_of_keys():
    keys = [f"u{n}" for n in range(50)]
    picked = [u.user_id for u in pick_users(dict.fromkeys(keys, 4), "shop", 10)]
    assert picked == [u.user_id for u in pick_users(dict.fromkeys(reversed(keys), 4), "shop", 10)]
    assert picked != sorted(picked)


def test_a_page_of_nobody_is_refused():
    with pytest.raises(ValueError, match="max_users >= 1, got 0"):
        pick_users({"a": 1}, "shop", 0)


def test_tally_counts_rows_and_conditions(lake):
    found = tally(lake, "topn", DAY, "item_id", n_first=ds.field("rank") == 1).to_pylist()
    by_item = {row["item_id"]: (row["n"], row["n_first"]) for row in found}
    assert by_item == {"i0": (2, 2), "i1": (1, 0), "i7": (1, 0), "i28": (1, 1)}


def test_history_is_the_newest_twenty(data):
    heavy = data["users"][0]
    assert (heavy["n_items"], len(heavy["history"])) == (25, 20)
    assert heavy["history"][1] == {
        "item": data["items"]["item_id"].index("i1"),
        "date": "2026-01-30",
        "n_events": 2,
        "n_goals": 1,
    }
    assert [named(data, row["item"]) for row in heavy["history"]] == [f"i{n}" for n in range(20)]


def test_list_is_in_order_and_says_what_its_reasons_rest_on(data):
    first, wrote, drawn = ({**row, "item": named(data, row["item"])} for row in data["users"][0]["list"])
    same = {"score": 1.235, "source": "text"}
    assert named(data, first.pop("seen")) == "i24"  # beyond the newest twenty, and on the page all the same
    assert first == same | {"item": "i0", "reason": "Because of <b>that</b>", "kind": "history"}
    assert wrote == same | {"item": "i1", "kind": "wrote", "n_users": 4}  # without the user's word
    told = {"reason": "9 people", "kind": "popular", "n_users": 9, "days": 7}
    assert drawn == same | told | {"item": "i7", "is_drawn": True}


def test_words_that_users_did_not_write_are_shown(tmp_path):
    rows = [listed(HEAVY, 1, "i0", "Shares “Toys”", kind="aspect", language="en", item_id="i24", text="Toys")]
    shown = page_data(read_night(shop_lake(tmp_path, topn=rows), DAY, max_users=1))
    assert shown["users"][0]["list"][0]["text"] == "Toys"


def test_lists_without_reasons_are_shown(data):
    light = data["users"][1]
    assert light["list"] == [{"item": data["items"]["item_id"].index("i0"), "score": 1.235, "source": "text"}]


def test_users_who_only_write_have_a_list_and_no_history(data):
    assert (data["users"][2]["id"], data["users"][2]["history"]) == (page_id("shop", WRITER), [])


def test_page_says_how_many_of_how_many(lake):
    data = page_data(read_night(lake, DAY, max_users=2))
    assert (len(data["users"]), data["n_users"], len(data["items"]["item_id"]), data["n_items"]) == (2, 3, 30, 30)


def test_items_tell_in_how_many_lists_they_stand(data):
    items = data["items"]
    counts = zip(items["item_id"], items["n_lists"], items["n_first"], strict=True)
    assert {row for row in counts if row[1]} == {("i0", 2, 2), ("i1", 1, 0), ("i7", 1, 0), ("i28", 1, 1)}


def test_similar_items_are_in_order(data):
    at, ids = data["items"]["item_id"].index, data["items"]["item_id"]
    assert data["similar"]["text"][at("i0")] == [at("i2"), at("i1")]
    assert data["similar"]["joined"][at("i2")] == [at("i0")]
    assert data["similar"]["behaviour"] == [[] for _ in ids]


def test_searches_come_by_users_and_their_items_by_rank(data):
    shown = [(one["query"], one["n_users"], [named(data, item) for item in one["items"]]) for one in data["queries"]]
    assert shown == [("<b>bell", 9, ["i5", "i6"]), ("rare", 3, ["i4"])]


def test_popular_items_come_with_their_users(data):
    place = data["items"]["item_id"].index("i3")
    assert data["popular"] == [{"kind": "popular", "days": 7, "category": "", "items": [[place, 4]]}]


def test_long_texts_are_cut_and_others_are_whole(data):
    items, at = data["items"], data["items"]["item_id"].index
    assert items["title"][at("i9")] == "x" * 200 + "…"
    assert items["description"][at("i8")] == "x" * 400 + "…"
    assert items["title"][at("i10")] == "Thing 10"
    assert (items["title"][at("i7")], items["title"][at("i29")]) == (None, None)


def test_a_large_catalogue_leaves_what_is_named_and_what_is_listed_most(lake, monkeypatch):
    monkeypatch.setattr(inputs, "MAX_ITEMS", 3)
    few = page_data(read_night(lake, DAY, max_users=1))
    named_by_heavy = {f"i{n}" for n in range(20)} | {
        "i24"
    }  # the list, the popular items and the answers are among them
    assert set(few["items"]["item_id"]) == named_by_heavy
    monkeypatch.setattr(inputs, "MAX_ITEMS", 22)
    more = page_data(read_night(lake, DAY, max_users=1))
    assert set(more["items"]["item_id"]) - named_by_heavy == {"i28"}  # in a list, while i20 to i23 were only met


def test_no_key_and_no_quote_is_on_the_page(data):
    html = render(data)
    assert [
        key for key in (HEAVY, LIGHT, WRITER, QUOTE, "ada@example") if key in html or json.dumps(key)[1:-1] in html
    ] == []
    assert page_id("shop", HEAVY) in html


def test_a_large_shop_weighs_some_megabytes(tmp_path):
    ids = [f"B00{n:07}" for n in range(2_000)]  # items and users: a tenth of what the page is made for
    reason = "Because “A title of the usual length, and a bit” is in your history."
    lists = [(f"u{user}", rank) for user in range(50) for rank in range(1, 21)]
    likes = [(one, kind, rank) for one in ids for kind in ("text", "behaviour", "joined") for rank in range(1, 11)]
    lake = shop_lake(
        tmp_path,
        item_index=[{"item_id": one, "item_idx": n} for n, one in enumerate(ids)],
        items=[{"item_id": one, "title": "A title of the usual length", "description": "d" * 200} for one in ids],
        interactions=[met("u0", 0, 0) | {"item_id": ids[0]}],
        topn=[listed(user, rank, ids[rank], reason, kind="history", item_id=ids[0]) for user, rank in lists],
        similar_items=[similar(*like, ids[-like[-1]]) for like in likes],
        popular_items=[],
        query_results=[],
    )
    assert 500_000 < write_page(lake, DAY, tmp_path, 50) < 1_500_000


def test_script_block_cannot_be_left(data):
    html = render(data)
    block = re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    assert "<" not in block
    assert json.loads(block) == data


def test_page_names_no_other_place(data):
    assert re.findall(r"https?:|//[a-z]|@import|url\(", render({**data, "items": {}, "users": [], "queries": []})) == []


def test_a_number_that_json_cannot_hold_is_refused(data):
    with pytest.raises(ValueError, match="not JSON compliant"):
        render({**data, "n_users": float("nan")})


def test_page_is_replaced_whole_and_stays_when_the_night_lacks_a_table(lake, tmp_path):
    assert write_page(lake, DAY, tmp_path / "shop", 200) == (tmp_path / "shop/index.html").stat().st_size
    before = (tmp_path / "shop/index.html").read_bytes()
    with pytest.raises(MissingPartitionError, match="topn/run_date=2026-02-01"):
        write_page(lake, DAY.replace(month=2, day=1), tmp_path / "shop", 200)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "shop").iterdir()] == [("index.html", before)]


def test_no_users_wanted_is_no_page(lake, tmp_path):
    write_page(lake, DAY, tmp_path, 200)
    assert write_page(lake, DAY, tmp_path, 0) == 0
    assert list(tmp_path.iterdir()) == []
