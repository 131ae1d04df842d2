import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightrec.errors import MissingPartitionError
from nightrec.published import TABLES, published_dates, read_pointer
from nightrec.publishing.job import main
from nightrec.schemas import contract

D1, D2 = date(2026, 1, 30), date(2026, 1, 31)


@pytest.fixture
def shop(tiny_lake):
    return tiny_lake


def stage(lake, day, item_id="i1", run_id="r1", is_passed=True):
    lineage = {"run_id": run_id, "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d"}
    row = {"rank": 1, "item_id": item_id, "score": 1.0, "source": "text", **lineage}
    listed = row | {"user_id": "u1", "arm": "default", "propensity": 1.0, "reason": "You may not know it yet."}
    listed["evidence"] = {"kind": "unmet", "language": "en"}
    similar = row | {"kind": "text", "similar_item_id": item_id}
    popular = row | {"kind": "popular", "days": 7, "category": "", "n_users": 3}
    answer = row | {"query": "pan", "n_users": 3}
    lists = {"topn": listed, "fallback": row, "similar_items": similar, "popular_items": popular}
    lists["query_results"] = answer
    check = {"rule": "score_not_finite", "is_passed": is_passed, "n_unexpected": 0, "unexpected_frac": 0.0}
    for name, content in {**lists, "topn_checks": check}.items():
        lake.write_arrow(name, day, pa.Table.from_pylist([content], contract(name).arrow()))


def describe(lake, day):
    """Write what the page needs besides."""
    at = datetime(2026, 1, 30, tzinfo=UTC)
    pair = {"user_id": "u1", "item_id": "i1", "first_at": at, "last_at": at}
    met = pair | {"weight": 1.0, "n_events": 1, "n_goals": 0}
    rows = {
        "interactions": met,
        "item_index": {"item_id": "i1", "item_idx": 0},
        "items": {"item_id": "i1", "title": "Pan"},
    }
    for name, content in rows.items():
        lake.write_arrow(name, day, pa.Table.from_pylist([content], contract(name).arrow()))


def publish(day, *flags):
    return main(["--domain", "tiny", "--run-date", str(day), *flags])


def shown(lake, day=None):
    return pq.read_table(read_pointer(lake, day)["topn"])["item_id"].to_pylist()


def test_publishing_points_latest_and_the_date_to_one_whole_folder(shop):
    stage(shop, D1)
    assert publish(D1) == 0
    assert read_pointer(shop) == read_pointer(shop, D1)
    assert shown(shop) == ["i1"]
    assert [pq.read_table(read_pointer(shop)[name]).num_rows for name in TABLES] == [1, 1, 1, 1, 1]


def test_the_night_before_stays_readable(shop):
    for day, item in ((D1, "old"), (D2, "new")):
        stage(shop, day, item)
        publish(day)
    assert (shown(shop), shown(shop, D1), published_dates(shop)) == (["new"], ["old"], [D1, D2])


def test_publishing_an_older_night_again_leaves_latest_alone(shop):
    for day, item in ((D1, "old"), (D2, "new"), (D1, "repaired")):
        stage(shop, day, item)
        publish(day)
    assert (shown(shop), shown(shop, D1)) == (["new"], ["repaired"])


def test_publishing_other_lists_for_a_date_leaves_the_folder_that_a_reader_has_open(shop):
    stage(shop, D1, "first")
    publish(D1)
    before = read_pointer(shop)
    stage(shop, D1, "second")
    publish(D1)
    assert pq.read_table(before["topn"])["item_id"].to_pylist() == ["first"]
    assert shown(shop) == ["second"]


def test_publishing_the_same_lists_again_changes_nothing(shop):
    stage(shop, D1)
    publish(D1)
    before = read_pointer(shop)
    stage(shop, D1)
    publish(D1)
    assert read_pointer(shop) == before


def test_failed_gate_keeps_the_lists_published_before(shop, caplog):
    stage(shop, D1, "good")
    publish(D1)
    stage(shop, D2, "bad", is_passed=False)
    assert publish(D2) == 4
    assert "failed its gate (score_not_finite)" in caplog.text
    assert (shown(shop), published_dates(shop)) == (["good"], [D1])


@pytest.mark.parametrize("table", TABLES)
def test_a_verdict_does_not_outlive_the_lists_that_it_was_about(shop, table):
    stage(shop, D1)
    shop.write_arrow(table, D1, shop.read_arrow(table, D1))
    assert publish(D1) == 3
    stage(shop, D1)
    assert publish(D1) == 0


def test_unchecked_lists_are_not_published(shop, caplog):
    stage(shop, D1)
    shop.fs.delete_file(shop.path(f"topn_checks.v1/run_date={D1}/_SUCCESS"))
    assert publish(D1) == 3
    assert "validate_table.py --table topn" in caplog.text


def test_lists_without_a_table_are_not_published(shop, caplog):
    stage(shop, D1)
    shop.fs.delete_file(shop.path(f"popular_items.v1/run_date={D1}/_SUCCESS"))
    assert publish(D1) == 3
    assert "popular_items/run_date=2026-01-30 not found or unfinished" in caplog.text
    assert published_dates(shop) == []


def test_half_copied_folder_is_completed_not_trusted(shop):
    stage(shop, D1)
    publish(D1)
    pointer = read_pointer(shop)
    folder = f"published/run_date={D1}/{pointer['version']}/topn.v1"
    shop.fs.delete_file(shop.path(f"{folder}/_SUCCESS"))
    shop.fs.delete_file(shop.path(f"{folder}/part-00000.parquet"))
    publish(D1)
    assert shown(shop) == ["i1"]


def test_nothing_published_says_what_to_do(shop):
    with pytest.raises(MissingPartitionError, match="make night DOMAIN=tiny"):
        read_pointer(shop)


def test_pointer_is_plain_json_with_the_lineage(shop):
    stage(shop, D1, run_id="r77")
    publish(D1)
    text = (shop.fs.open_input_stream(shop.path("published/latest.json"))).read()
    assert json.loads(text)["run_id"] == "r77"


def test_the_newest_night_can_be_looked_up_on_a_page(shop, tmp_path):
    page = tmp_path / "explorer" / "tiny" / "index.html"
    for day in (D2, D1):  # an older night again leaves the page at the newest
        stage(shop, day)
        describe(shop, day)
        publish(day)
    assert '"run_date":"2026-01-31"' in page.read_text()
    assert '"title":["Pan"]' in page.read_text()


def test_a_page_that_fails_leaves_the_lists_published(shop, tmp_path, caplog):
    stage(shop, D1)
    assert publish(D1) == 0
    assert shown(shop) == ["i1"]
    assert "no new page at" in caplog.text
    assert "interactions/run_date=2026-01-30 not found" in caplog.text
    assert not (tmp_path / "explorer").exists()


WITH_WRITER = ("--set", "reasons.writer.model=models/writer")


def rewrite(lake, day, sentence, language="en"):
    row = {
        "reason_hash": "h", "writer_version": "w1", "language": language, "kind": "unmet", "n_tokens": 9,
        "template": "You may not know it yet.", "sentence": sentence, "listed_date": day,
    }  # fmt: skip
    checks = lake.read_arrow("topn_checks", day)
    lake.write_arrow("reason_texts", day, pa.Table.from_pylist([row], contract("reason_texts").arrow()))
    lake.write_arrow("topn_checks", day, checks)  # the gate comes after the writer


def reasons(lake):
    rows = pq.read_table(read_pointer(lake)["topn"])
    assert rows.schema.equals(contract("topn").arrow())
    return [(row["reason"], row["writer_version"]) for row in rows.to_pylist()]


def test_rewritten_reasons_take_the_place_of_templates_in_lists_and_page(shop, tmp_path):
    stage(shop, D1)
    describe(shop, D1)
    assert publish(D1) == 0
    template = read_pointer(shop)
    assert reasons(shop) == [("You may not know it yet.", None)]

    rewrite(shop, D1, "It may be new to you.")
    assert publish(D1, *WITH_WRITER) == 0
    assert reasons(shop) == [("It may be new to you.", "w1")]
    assert "It may be new to you." in (tmp_path / "explorer" / "tiny" / "index.html").read_text()
    rewritten = read_pointer(shop)
    assert rewritten["version"] != template["version"]
    assert shop.read_arrow("topn", D1)["reason"].to_pylist() == ["You may not know it yet."]  # staged lists stay
    assert publish(D1, *WITH_WRITER) == 0
    assert read_pointer(shop) == rewritten
    assert publish(D1) == 0  # the writer is off again
    assert read_pointer(shop) == template


@pytest.mark.parametrize(("sentence", "language"), [(None, "en"), ("也许您还不了解它。", "zh")])
def test_a_refused_sentence_or_one_of_another_language_leaves_the_template(shop, sentence, language):
    stage(shop, D1)
    rewrite(shop, D1, sentence, language)
    publish(D1, *WITH_WRITER)
    assert reasons(shop) == [("You may not know it yet.", None)]


def test_a_writer_that_did_not_come_to_its_end_leaves_templates(shop, caplog):
    stage(shop, D1)
    assert publish(D1, *WITH_WRITER) == 0
    assert reasons(shop) == [("You may not know it yet.", None)]
    assert "no reason_texts/run_date=2026-01-30: reasons stay templates" in caplog.text
