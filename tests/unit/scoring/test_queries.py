from datetime import date, datetime, timedelta

import pytest

from nightrec.scoring.queries import folded, head_queries, searches, spelt, turned_to, within

EVENT = "user_id string, event_type string, event_at timestamp, item_id string, text string, session_id string"
NOON = datetime(2026, 1, 31, 12)


def events(spark, *rows):
    return spark.createDataFrame([(*row, *[None] * (6 - len(row))) for row in rows], EVENT)


def search(user, text, at=NOON, session=None):
    return user, "search", at, None, text, session


def taken(user, item, minutes, kind="click", session=None):
    return user, kind, NOON + timedelta(minutes=minutes), item, None, session


def test_spellings_of_a_query_are_one(spark):
    spellings = ["Über  die\tALPEN", "über die Alpen ", "ÜBER DIE ALPEN"]
    got = spark.createDataFrame([(text,) for text in spellings], "text string").select(folded("text")).collect()
    assert {row[0] for row in got} == {"über die alpen"}


def test_days_end_with_the_run_date(spark):
    moments = [
        datetime(2026, 1, 29, 23, 59, 59),
        datetime(2026, 1, 30),
        datetime(2026, 1, 31, 23, 59),
        datetime(2026, 2, 1),
    ]
    rows = events(spark, *(search("u", str(k), at) for k, at in enumerate(moments)))
    assert sorted(row["text"] for row in within(rows, date(2026, 1, 31), 2).collect()) == ["1", "2"]


def test_queries_of_few_users_and_with_personal_data_have_no_list(spark):
    rows = events(
        spark,
        *(search(f"u{k}", text) for k, text in enumerate(["Pan", "pan", " pan", "pot", "POT"])),
        *(search("u9", "spade") for _ in range(9)),  # often, but by one user
        *(search(f"u{k}", "<email>") for k in range(5)),
        *(search(f"u{k}", "where is <phone>") for k in range(5)),
        *(search(f"u{k}", " ") for k in range(5)),
        *((f"u{k}", "question", NOON, None, "does it fit?") for k in range(5)),
    )
    asked = searches(rows)
    got = head_queries(asked, min_users=2, n=9).collect()
    assert [(row["query"], row["n_users"]) for row in got] == [("pan", 3), ("pot", 2)]
    assert [row["query"] for row in head_queries(asked, min_users=1, n=2).collect()] == ["pan", "pot"]


def test_what_users_turn_to_soon_or_in_the_session_speaks_for_the_item(spark):
    rows = events(
        spark,
        *(search(user, "pan", session="s1") for user in ("a", "b", "c")),
        search("d", "pan"),
        taken("a", "soon", 30), taken("a", "soon", 1, "purchase"), taken("b", "soon", 0, "cart"),
        taken("a", "late", 31), taken("b", "late", 31),
        taken("a", "session", 300, session="s1"), taken("c", "session", 300, "play", "s1"),
        taken("a", "before", -1, session="s1"), taken("b", "before", -1, session="s1"),
        taken("a", "seen", 5, "impression"), taken("b", "seen", 5, "impression"),
        taken("d", "nobody's", 5),
        taken("x", "not asked", 5), taken("y", "not asked", 5),
    )  # fmt: skip
    got = turned_to(searches(rows), rows, minutes=30, min_users=2).collect()
    assert sorted((row["query"], row["item_id"], row["n_users"]) for row in got) == [
        ("pan", "session", 2), ("pan", "soon", 2)
    ]  # fmt: skip


def test_sessions_without_a_key_are_not_one_session(spark):
    rows = events(spark, search("a", "pan"), taken("a", "i", 31))
    assert turned_to(searches(rows), rows, minutes=30, min_users=1).count() == 0


@pytest.mark.parametrize("users", [("u1",), ("u1", "u2")])
def test_every_spelling_that_was_written_counts_once(spark, users):
    texts = spark.createDataFrame(
        [(user, text, text) for user in users for text in ("Tea Pot", "tea pot", "pan")],
        "user_id string, text string, text_hash string",
    )
    heads = spark.createDataFrame([("tea pot",)], "query string")
    assert sorted(tuple(row) for row in spelt(texts, heads).collect()) == [
        ("tea pot", "Tea Pot"),
        ("tea pot", "tea pot"),
    ]
