import hashlib
from datetime import datetime

from nightrec.matrix.texts import item_texts, recent_texts, user_texts
from nightrec.schemas import contract


def events(spark, rows):
    schema = "user_id string, item_id string, event_id string, event_at timestamp, text string"
    return spark.createDataFrame(rows, schema)


def test_recent_texts_keeps_the_newest_first_and_breaks_ties_by_event(spark):
    frame = events(
        spark,
        [
            ("u1", "i1", "a", datetime(2026, 1, 1), "old"),
            ("u1", "i1", "c", datetime(2026, 1, 3), "tie late"),
            ("u1", "i2", "b", datetime(2026, 1, 3), "tie early"),
            ("u2", None, "d", datetime(2026, 1, 1), "  "),
            ("u3", None, "e", datetime(2026, 1, 1), None),
        ],
    )
    got = {r.user_id: r.written for r in recent_texts(frame, "user_id", count=2).collect()}
    assert got == {"u1": "tie early. tie late"}


def test_item_texts_join_the_catalogue_with_what_users_wrote_and_leave_out_the_wordless(spark):
    schema = contract("items").spark()
    named = {"item_id": "i1", "title": "Lego 城", "categories": "Toys|Building", "description": " "}
    rows = [[named.get(c) for c in schema.names], [{"item_id": "bare"}.get(c) for c in schema.names]]
    written = spark.createDataFrame([("i1", "my son loves it")], "item_id string, written string")
    [row] = item_texts(spark.createDataFrame(rows, schema), written, max_chars=200).collect()
    assert row.text == "Lego 城. Toys, Building. my son loves it"
    assert row.text_hash == hashlib.sha256(row.text.encode()).hexdigest()


def test_texts_are_cut_by_characters_not_bytes(spark):
    written = spark.createDataFrame([("u1", "好" * 10)], "user_id string, written string")
    assert [r.text for r in user_texts(written, max_chars=4).collect()] == ["好好好好"]
