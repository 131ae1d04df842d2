"""Bad input through the real jobs: each delivery ends in a clear error or in tables that account for every line."""

import gzip
import json
import logging
import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from nightrec.config import load_config
from nightrec.ingest.job import main
from nightrec.lake import Lake
from nightrec.quality.job import main as validate

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_jobs")]
D0, D1, D2 = date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 1)
ODD_IDS = ['o\'brien "x"', "two\nlines", "😀", "张三", "a|b,c;d", " padded ", "\\back\\"]


def event(k: int, **changes: object) -> dict[str, object]:
    """Return a usable event."""
    return {
        "event_id": f"e{k}", "user_id": f"u{k % 7}", "event_type": "view", "event_at": "2026-01-30T12:00:00Z",
        "item_id": f"i{k % 5}",
    } | changes  # fmt: skip


def lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


class Shop:
    """The domain `tiny` in a folder of its own."""

    def __init__(self) -> None:
        config = load_config("tiny")
        self.landing = Path(config.place(config.paths.landing)) / "tiny"
        self.lake = Lake(config.place(config.paths.lake), "tiny")

    def deliver(self, run_date: date, name: str, content: bytes) -> None:
        path = self.landing / f"run_date={run_date}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def ingest(self, run_date: date, *more: str) -> int:
        return main(["--domain", "tiny", "--run-date", str(run_date), *more])

    def gate(self, run_date: date, *more: str) -> int:
        return validate(["--domain", "tiny", "--run-date", str(run_date), "--table", "events", *more])

    def counts(self, run_date: date, feed: str = "events") -> tuple[int, int, int, int]:
        """Return read, accepted, rejected and duplicates after checking them against the tables."""
        (row,) = (row for row in self.rows("deliveries", run_date) if row["feed"] == feed)
        counts = (row["n_read"], row["n_accepted"], row["n_rejected"], row["n_duplicates"])
        assert counts[0] == sum(counts[1:])
        assert counts[2] == sum(reject["feed"] == feed for reject in self.rows("rejects", run_date))
        if feed == "events" and counts[1]:
            assert counts[1] == self.lake.count("events", run_date)
        return counts

    def rows(self, table: str, run_date: date) -> list[dict[str, object]]:
        return self.lake.read_arrow(table, run_date).to_pylist()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return an empty shop whose first delivery already has a catalogue of five items."""
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    made = Shop()
    made.deliver(D0, "items/items.jsonl", lines([{"item_id": f"i{k}", "title": f"item {k}"} for k in range(5)]))
    return made


def test_truncated_gzip_keeps_what_could_be_read(shop):
    packed = gzip.compress(lines([event(k, text=os.urandom(20).hex()) for k in range(2000)]))
    shop.deliver(D0, "events/a.jsonl.gz", packed[: len(packed) // 2])

    assert shop.ingest(D0) == 0

    read, accepted, rejected, duplicates = shop.counts(D0)
    (reject,) = shop.rows("rejects", D0)
    assert (rejected, duplicates) == (1, 0)
    assert 500 < accepted < 1500
    assert (reject["file"], reject["line"]) == ("a.jsonl.gz", read)
    assert reject["reason"] == "truncated file: gzip ended before its end marker"
    assert reject["raw"].startswith('{"event_id": ')


def test_binary_file_named_jsonl_ends_in_rejects_and_exit_4(shop, caplog):
    shop.deliver(D0, "events/a.jsonl", bytes(range(256)) * 50)

    assert shop.ingest(D0) == 4

    assert "no usable event in " in caplog.text
    assert "not UTF-8 text (50)" in caplog.text
    assert "at most 20% of the lines may be rejected" in caplog.text
    read, accepted, rejected, _ = shop.counts(D0)
    assert (accepted, rejected) == (0, read)
    assert {row["raw_encoding"] for row in shop.rows("rejects", D0)} == {"base64", "utf-8"}
    assert not shop.lake.is_finished("events", D0)


@pytest.mark.parametrize("content", [b"", b"\n \n\n"])
def test_delivery_with_zero_lines_is_exit_3(shop, content, caplog):
    shop.deliver(D0, "events/a.jsonl", content)
    assert shop.ingest(D0) == 3
    assert f"no lines in the 1 files of {shop.landing}/run_date={D0}/events (a.jsonl; newest delivery" in caplog.text


def test_missing_delivery_is_exit_3_and_names_the_newest(shop, caplog):
    assert shop.ingest(D1) == 3
    assert f"no files in {shop.landing}/run_date={D1}/events" in caplog.text
    assert f"newest delivery there: run_date={D0}" in caplog.text


def test_unknown_format_is_exit_3(shop, caplog):
    shop.deliver(D0, "events/a.xlsx", b"x")
    assert shop.ingest(D0) == 3
    assert "1 of 1 files" in caplog.text


def test_first_delivery_without_catalogue_is_exit_3(shop, caplog):
    shop.deliver(D1, "events/a.jsonl", lines([event(1)]))
    assert shop.ingest(D1) == 3
    assert "none in an earlier delivery that passed its gate; expected a catalogue with the first" in caplog.text
    assert not shop.lake.is_finished("events", D1)


def test_line_of_50_mb_is_kept_whole_as_reject(shop):
    long = json.dumps(event(0, text="x" * 50_000_000))
    shop.deliver(D0, "events/a.jsonl", long.encode() + b"\n" + lines([event(1), event(2)]))

    assert shop.ingest(D0, "--set", "ingest.max_reject_frac=0.5") == 0

    assert shop.counts(D0) == (3, 2, 1, 0)
    (reject,) = shop.rows("rejects", D0)
    assert (reject["line"], reject["reason"]) == (1, "longer than 1048576 bytes")
    assert reject["raw"] == long


def test_odd_ids_and_items_without_text_survive_as_logged(shop):
    odd = [event(k, user_id=name, item_id=name) for k, name in enumerate(ODD_IDS)]
    shop.deliver(D0, "events/a.jsonl", lines(odd))
    shop.deliver(D0, "items/odd.jsonl", lines([{"item_id": name} for name in ODD_IDS]))

    assert shop.ingest(D0) == 0

    events, items = shop.rows("events", D0), {row["item_id"]: row for row in shop.rows("items", D0)}
    assert sorted((row["user_id"], row["item_id"]) for row in events) == sorted((name, name) for name in ODD_IDS)
    assert set(ODD_IDS) < set(items)
    assert items["张三"]["title"] is None


def test_every_fault_is_counted_once_over_all_formats(shop):
    shop.deliver(D0, "events/a.jsonl", lines([event(1), event(2), event(1), event(3, user_id=None)]) + b"{broken\n")
    shop.deliver(
        D0, "events/sub/b.csv", b"user_id,event_type,event_at,event_id,item_id\nu1,view,1769774400,e2,i1\nu1,view\n"
    )
    shop.deliver(D0, "events/_SUCCESS", b"")

    assert shop.ingest(D0) == 0

    assert shop.counts(D0) == (7, 2, 3, 2)
    reasons = Counter((row["file"], row["line"], row["reason"]) for row in shop.rows("rejects", D0))
    assert reasons == {
        ("a.jsonl", 4, "user_id: missing"): 1,
        ("a.jsonl", 5, "not JSON: Expecting property name enclosed in double quotes"): 1,
        ("sub/b.csv", 3, "csv: expected 5 fields, got 2"): 1,
    }


def test_duplicate_delivery_brings_nothing_new_and_a_late_event_does(shop, caplog):
    same = lines([event(k) for k in range(20)])
    shop.deliver(D0, "events/a.jsonl", same)
    shop.deliver(D1, "events/a.jsonl", same)
    assert shop.ingest(D0) == 0
    assert shop.gate(D0) == 0
    first = {row["feed"]: row["fingerprint"] for row in shop.rows("deliveries", D0)}

    assert shop.ingest(D1) == 3

    assert "nothing new in " in caplog.text
    assert "20 lines read = 0 accepted + 0 rejected + 20 duplicates" in caplog.text
    assert shop.counts(D1) == (20, 0, 0, 20)
    assert not shop.lake.is_finished("events", D1)

    shop.deliver(D1, "events/b.jsonl", lines([event(99, event_at="2026-01-02T00:00:00Z")]))
    assert shop.ingest(D1) == 0
    assert shop.counts(D1) == (21, 1, 0, 20)
    assert shop.rows("items", D1) == shop.rows("items", D0)  # none delivered: carried forward
    second = {row["feed"]: row["fingerprint"] for row in shop.rows("deliveries", D1)}
    assert second["items"] == first["items"]
    assert second["events"] != first["events"]


def test_misnamed_columns_are_named_and_what_is_empty_for_it(shop, caplog):
    caplog.set_level(logging.INFO, "nightrec.ingest")
    shop.deliver(D0, "events/a.jsonl", lines([event(k, event_type="rating", stars=5) for k in range(3)] + [event(9)]))
    shop.deliver(D0, "items/items.jsonl", lines([{"item_id": "i1", "name": "drum"}]))

    assert shop.ingest(D0) == 0

    assert "events: 1 ignored column(s): 'stars'; read are event_id, user_id, " in caplog.text
    assert "items: 1 ignored column(s): 'name'; read are item_id, title, " in caplog.text
    assert "events: value is empty in all 3 accepted rows that should have it" in caplog.text
    assert "items: title is empty in all 1 accepted rows that should have it" in caplog.text


def test_item_delivered_without_its_title_is_replaced_with_a_warning(shop, caplog):
    shop.deliver(D0, "events/a.jsonl", lines([event(1)]))
    shop.deliver(D1, "events/a.jsonl", lines([event(2)]))
    shop.deliver(D1, "items/prices.jsonl", lines([{"item_id": "i1", "price": 3}, {"item_id": "new", "price": 4}]))
    assert (shop.ingest(D0), shop.gate(D0)) == (0, 0)

    assert shop.ingest(D1) == 0

    titles = {row["item_id"]: row["title"] for row in shop.rows("items", D1)}
    assert titles == {f"i{k}": f"item {k}" for k in range(5)} | {"i1": None, "new": None}
    assert f"1 item(s) had a title in the catalogue of {D0} and have none now" in caplog.text


def test_catalogue_that_failed_its_gate_is_not_carried_forward(shop, caplog):
    broken = lines([{"item_id": "only"}]) + b"{broken\n" * 9
    for k, day in enumerate((D0, D1, D2)):
        shop.deliver(day, "events/a.jsonl", lines([event(10 * k), event(10 * k + 1)]))
    shop.deliver(D1, "items/items.jsonl", broken)
    full = "--set", "ingest.items_feed=full"
    assert (shop.ingest(D0, *full), shop.gate(D0)) == (0, 0)
    assert (shop.ingest(D1, *full), shop.gate(D1)) == (0, 4)
    assert [row["item_id"] for row in shop.rows("items", D1)] == ["only"]

    assert (shop.ingest(D2, *full), shop.gate(D2)) == (0, 0)

    assert shop.rows("items", D2) == shop.rows("items", D0)
    assert f"leaving out the catalogue of {D1}: its delivery has not passed its gate" in caplog.text


def test_events_of_a_failed_delivery_are_taken_when_delivered_again(shop):
    good, more = lines([event(k) for k in range(20)]), lines([event(99)])
    shop.deliver(D0, "events/a.jsonl", lines([event(k) for k in range(100, 120)]))
    shop.deliver(D1, "events/a.jsonl", good + b"{broken\n" * 9)
    shop.deliver(D2, "events/a.jsonl", good + more)
    assert (shop.ingest(D0), shop.gate(D0)) == (0, 0)
    assert (shop.ingest(D1), shop.gate(D1)) == (0, 4)

    assert (shop.ingest(D2), shop.gate(D2)) == (0, 0)
    assert shop.counts(D2) == (21, 21, 0, 0)

    shop.deliver(D1, "events/a.jsonl", good + lines([event(77)]))  # repaired, after its lines came with another
    assert (shop.ingest(D1), shop.gate(D1)) == (0, 0)
    assert shop.counts(D1) == (21, 1, 0, 20)
    assert (shop.ingest(D2), shop.counts(D2)) == (0, (21, 21, 0, 0))


def test_delivery_that_fails_when_repeated_leaves_no_verdict(shop):
    shop.deliver(D0, "events/a.jsonl", lines([event(1)]))
    assert (shop.ingest(D0), shop.gate(D0)) == (0, 0)
    shop.deliver(D0, "events/a.jsonl", b"{broken\n")

    assert shop.ingest(D0) == 4

    assert (shop.lake.is_finished("events", D0), shop.lake.has_passed(D0)) == (True, False)


def test_repeating_a_delivery_gives_the_same_rows(shop):
    shop.deliver(D0, "events/a.jsonl", lines([event(k, event_id=None, value=k) for k in range(50)] + [event(1)]))
    assert shop.ingest(D0) == 0
    before = {table: shop.rows(table, D0) for table in ("events", "items", "rejects", "deliveries")}
    assert shop.ingest(D0) == 0
    assert {table: shop.rows(table, D0) for table in before} == before


def test_user_with_100_000_events_is_taken(shop):
    shop.deliver(D0, "events/a.jsonl.gz", gzip.compress(lines([event(k, user_id="u1") for k in range(100_000)])))
    assert shop.ingest(D0) == 0
    assert shop.counts(D0) == (100_000, 100_000, 0, 0)


def test_settings_with_two_mistakes_name_both_and_exit_2(shop, caplog):
    assert shop.ingest(D0, "--set", "scoring.top_n=0", "--set", "ingest.max_rejects=3") == 2
    assert "2 bad setting(s)" in caplog.text
    assert "scoring.top_n" in caplog.text
    assert "ingest.max_rejects" in caplog.text
