"""One delivery through the whole job: nothing personal is stored unmasked, and keys stay as logged."""

import json
from base64 import b64encode
from datetime import date

import pytest

from nightrec.ingest.job import main
from nightrec.tables import Tables

DAY = date(2026, 1, 31)
AT = "2026-01-31T12:00:00Z"


def event(event_id, **columns):
    return {
        "event_id": event_id,
        "user_id": "13812345678",
        "event_type": "review",
        "event_at": AT,
        "item_id": "a@b.com",
    } | columns


@pytest.fixture
def ingested(spark, tiny_lake, tmp_path):
    folder = tmp_path / f"landing/tiny/run_date={DAY}"
    lines = [
        json.dumps(event("e1", text="<b>打13812345678</b>谢谢 &amp; a@b.com"), ensure_ascii=False).encode(),
        json.dumps(event("e2", event_type="search", item_id=None, text="Bread&nbsp;knife " + "x" * 9000)).encode(),
        json.dumps(event("e3", event_type="view")).encode(),
        json.dumps(event("e4", event_type="magic", user_id="u", item_id="i", text="pay 4111 1111 1111 1111")).encode(),
        b"call 4155552671, a@b.com",
        b"\xff 4155552671",
    ]
    items = [{"item_id": "a@b.com", "title": "Tea <i>pot</i>", "description": "ask 4155552671"}]
    for name, content in (("events", lines), ("items", [json.dumps(item).encode() for item in items])):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.jsonl").write_bytes(b"\n".join(content) + b"\n")
    code = main(["--domain", "tiny", "--run-date", str(DAY), "--set", "ingest.max_reject_frac=1"])
    assert code == 0
    return Tables(tiny_lake.root.removesuffix("/tiny"), "tiny", spark)


def test_texts_are_clean_rejects_are_masked_and_keys_are_kept(ingested):
    events = {row["event_id"]: row for row in ingested.read_arrow("events", DAY).to_pylist()}
    assert (events["e1"]["text"], events["e1"]["language"]) == ("打<phone>谢谢 & <email>", "zh")
    assert events["e2"]["text"] == "Bread knife " + "x" * 4988  # ingest.max_text_chars is 5000
    assert (events["e3"]["text"], events["e3"]["language"]) == (None, None)
    assert {row["user_id"] for row in events.values()} == {"13812345678"}
    assert events["e1"]["item_id"] == "a@b.com"

    (item,) = ingested.read_arrow("items", DAY).to_pylist()
    assert (item["item_id"], item["title"], item["description"]) == ("a@b.com", "Tea pot", "ask <phone>")

    raw = {row["line"]: row["raw"] for row in ingested.read_arrow("rejects", DAY).to_pylist()}
    assert json.loads(raw[4]) == event("e4", event_type="magic", user_id="u", item_id="i", text="pay <card>")
    assert raw[5] == "call <phone>, <email>"
    assert raw[6] == b64encode(b"\xff <phone>").decode()


def test_unknown_countries_and_languages_are_refused_at_once_with_exit_2(tiny_lake, caplog):
    wrong = ["--set", "ingest.phone_regions=[UK, CN]", "--set", "ingest.languages=[cn, en]"]

    assert main(["--domain", "tiny", "--run-date", str(DAY), *wrong]) == 2

    assert "2 unknown code(s)" in caplog.text
    assert "ingest.phone_regions: UK; expected ISO 3166 codes such as GB" in caplog.text
    assert "ingest.languages: cn; expected ISO 639-1 codes such as en or zh" in caplog.text
