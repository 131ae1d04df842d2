import gzip
import hashlib

import pyarrow.compute as pc
import pytest
from small_split import LAST_OUT, event, halves, items, table

from nightrec.benchmark.delivery import as_items, deliver
from nightrec.benchmark.splits import item_texts, make_split, read, write_split
from nightrec.data_sets import Shop, as_event, read_toys
from nightrec.errors import InputError


def test_same_data_gives_the_same_files(tmp_path):
    first, second = (write_split(tmp_path / name, make_split(halves(), LAST_OUT, "warm")) for name in ("a", "b"))
    assert first == second
    assert first["train.parquet"] == hashlib.sha256((tmp_path / "a/train.parquet").read_bytes()).hexdigest()
    assert first != write_split(tmp_path / "c", make_split(halves(seed=1), LAST_OUT, "warm"))


def test_what_was_written_in_the_test_describes_nothing():
    events = table(event("a", "1", 0, text="old"), event("a", "2", 1, text="later"), event("a", "3", 2, text="secret"))
    split = make_split(
        Shop(events, items({"item_id": "1", "title": "pan", "tags": ["red"]}), "review"), LAST_OUT, "warm"
    )
    texts = [(row["item_id"], row["text"], row["part"]) for row in split["texts"].to_pylist()]
    assert texts == [("1", "pan. red", "train"), ("1", "old", "train"), ("2", "later", "validation")]
    assert "text" not in split["test"].column_names


def test_item_without_any_word_has_no_text():
    shop = Shop(table(event("a", "1", 0)), items({"item_id": "1"}), "purchase")
    assert item_texts(shop, pc.cast(shop.events["item_id"], "string")).num_rows == 0


def test_delivery_brings_the_past_and_the_catalogue(tmp_path):
    write_split(tmp_path / "split", make_split(halves(), LAST_OUT, "warm"))
    day = deliver(tmp_path / "split", tmp_path / "landing", "purchase")
    assert str(day) == "1970-01-05"  # places 0 to 4 of 6, a day each
    folder = tmp_path / f"landing/run_date={day}"
    lines = {
        feed: gzip.decompress((folder / feed / f"{feed}.jsonl.gz").read_bytes()).splitlines()
        for feed in ("events", "items")
    }
    assert len(lines["events"]) == 24 * 5
    assert len(lines["items"]) == 16


def test_event_without_stars_or_words_has_neither():
    row = event("u", "i", 60, value=None, is_relevant=True)
    want = {
        "event_id": "u-i",
        "user_id": "u",
        "event_type": "purchase",
        "event_at": "1970-01-01T00:01:00+00:00",
        "item_id": "i",
    }
    assert as_event(row, "purchase") == want
    assert as_event(row | {"value": 4.0, "text": "good"}, "review")["text"] == "good"


def test_hidden_item_without_words_of_its_own_is_described_by_its_reviews():
    texts = table(
        event("a", "cold", 0, text="sharp"), event("b", "cold", 1, text="light"), event("b", "warm", 1, text="x")
    )
    rows = as_items(
        items({"item_id": "cold"}, {"item_id": "warm"}, {"item_id": "named", "title": "pan"}), texts, texts.slice(2)
    )
    assert list(rows) == [
        {"item_id": "cold", "description": "sharp. light"},
        {"item_id": "warm"},
        {"item_id": "named", "title": "pan"},
    ]


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"sequences\.txt not found; put the data set there"):
        read_toys(tmp_path)


def test_toys_places_become_seconds_and_terms_become_tags(tmp_path):
    folder = tmp_path / "amazon-toys"
    folder.mkdir()
    (folder / "sequences.txt").write_text("7 10 9\n")
    (folder / "item_terms.json").write_text('{"9": ["red"], "10": []}')
    shop = read_toys(tmp_path)
    assert [(row["item_id"], row["at"] - 1_388_534_400) for row in shop.events.to_pylist()] == [("10", 0), ("9", 1)]
    assert shop.items.to_pylist() == [
        {"item_id": "9", "title": None, "categories": [], "tags": ["red"]},
        {"item_id": "10", "title": None, "categories": [], "tags": []},
    ]


def test_read_gives_back_what_was_written(tmp_path):
    split = make_split(halves(), LAST_OUT, "cold")
    write_split(tmp_path, split)
    assert all(read(tmp_path, name).equals(table) for name, table in split.items())
