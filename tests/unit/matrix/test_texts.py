import hashlib
from datetime import datetime

from nightrec.matrix.texts import item_texts, recent_texts, user_texts
from nightrec.schemas import contract

WRITTEN = "user_id string, item_id string, event_id string, event_at timestamp, text string, event_type string"
PIECES = "place int, text string, event_type string, is_held_out boolean"


HELD = "user_id string, item_id string, cut_at timestamp"


def nobody(spark):
    return spark.createDataFrame([], HELD)


def test_recent_texts_keep_the_newest_first_and_break_ties_by_event(spark):
    rows = [
        ("u1", "i1", "a", datetime(2026, 1, 1), "old", "review"),
        ("u1", "i1", "c", datetime(2026, 1, 3), "tie late", "review"),
        ("u1", "i2", "b", datetime(2026, 1, 3), " tie early ", "question"),
        ("u2", None, "d", datetime(2026, 1, 1), "  ", "search"),
        ("u3", None, "e", datetime(2026, 1, 1), None, "play"),
    ]
    got = recent_texts(spark.createDataFrame(rows, WRITTEN), "user_id", 2, nobody(spark)).collect()
    assert sorted((r.user_id, r.place, r.text, r.event_type, r.is_held_out) for r in got) == [
        ("u1", 1, "tie early", "question", False), ("u1", 2, "tie late", "review", False)
    ]  # fmt: skip


def test_texts_written_since_the_held_out_interactions_are_marked_for_items_and_users(spark):
    days = {k: datetime(2026, 1, k) for k in range(1, 5)}
    held = spark.createDataFrame([("u1", "i2", days[2]), ("u1", "i3", days[2])], HELD)
    events = [
        ("u1", "i1", "a", days[1], "before", "review"),
        ("u1", "i3", "e", days[1], "asked before it was bought", "question"),
        ("u1", "i2", "b", days[2], "gives i2 away", "review"),
        ("u1", None, "c", days[4], "searched after it", "search"),
        ("u2", "i2", "d", days[4], "somebody else's", "review"),
    ]

    got = recent_texts(spark.createDataFrame(events, WRITTEN), "user_id", 9, held).collect()

    assert {r.text: r.is_held_out for r in got} == {
        "before": False, "asked before it was bought": True, "gives i2 away": True, "searched after it": True,
        "somebody else's": False,
    }  # fmt: skip


def test_a_cut_by_time_holds_for_those_too_of_whom_nothing_is_held_out(spark):
    days = {k: datetime(2026, 1, k) for k in range(1, 5)}
    held = spark.createDataFrame([("u1", "i1", days[2]), ("u2", "i1", days[2])], HELD)
    events = [("u3", None, str(k), at, f"on day {k}", "search") for k, at in days.items()]
    got = recent_texts(spark.createDataFrame(events, WRITTEN), "user_id", 9, held).collect()
    assert {r.text for r in got if r.is_held_out} == {"on day 2", "on day 3", "on day 4"}


def test_item_texts_are_the_catalogue_then_what_users_wrote_without_the_wordless_and_unknown(spark):
    schema = contract("items").spark()
    named = {"item_id": "i1", "title": "Lego 城", "categories": "Toys|Building", "description": " "}
    rows = [[named.get(c) for c in schema.names], [{"item_id": "bare"}.get(c) for c in schema.names]]
    said = [("i1", 1, "my son loves it", "review", True), ("unknown", 1, "x", "review", False)]
    written = spark.createDataFrame(said, f"item_id string, {PIECES}")

    got = sorted(item_texts(spark.createDataFrame(rows, schema), written, max_chars=200).collect())

    assert [(r.item_id, r.place, r.text, r.is_held_out) for r in got] == [
        ("i1", 0, "Lego 城. Toys, Building", False), ("i1", 1, "my son loves it", True)
    ]  # fmt: skip
    assert got[1].text_hash == hashlib.sha256(b"my son loves it").hexdigest()


def test_long_descriptions_are_split_between_words_and_what_users_wrote_comes_after(spark):
    schema = contract("items").spark()
    words = " ".join(["strings"] * 60)  # 479 characters
    rows = [[{"item_id": i, "title": t}.get(c) for c in schema.names] for i, t in (("en", words), ("zh", "琴" * 650))]
    written = spark.createDataFrame([("en", 1, "nice", "review", False)], f"item_id string, {PIECES}")

    got = sorted(item_texts(spark.createDataFrame(rows, schema), written, max_chars=1000).collect())

    english = [r.text for r in got if r.item_id == "en"]
    assert (" ".join(english[:2]), english[2:]) == (words, ["nice"])
    assert len(english[0]) == 295  # 37 words; one more would pass 300
    assert [r.place for r in got] == [0, 1, 2, 0, 1, 2]
    assert [len(r.text) for r in got if r.item_id == "zh"] == [300, 300, 50]


def test_texts_are_cut_by_characters_not_bytes(spark):
    written = spark.createDataFrame([("u1", 1, "好" * 10, "review", False)], f"user_id string, {PIECES}")
    assert [r.text for r in user_texts(written, max_chars=4).collect()] == ["好好好好"]
