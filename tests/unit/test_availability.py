from datetime import date, datetime

from nightrec.availability import available, hidden_items

D = date(2026, 1, 31)


def test_hidden_items_follow_the_window(spark):
    seen = spark.createDataFrame(
        [("u", "old", datetime(2026, 1, 1)), ("u", "new", datetime(2026, 1, 31, 23))],
        "user_id string, item_id string, last_at timestamp",
    )
    hidden = {days: sorted(r.item_id for r in hidden_items(seen, D, days).collect()) for days in (None, 0, 7, 31)}
    assert hidden == {None: ["new", "old"], 0: [], 7: ["new"], 31: ["new", "old"]}


def test_available_looks_at_the_day_after_the_run_date(spark):
    items = spark.createDataFrame(
        [
            ("always", None, None),
            ("opens that evening", datetime(2026, 2, 1, 20), None),
            ("opens later", datetime(2026, 2, 2), None),
            ("ends that morning", None, datetime(2026, 2, 1, 3)),
            ("ended", None, datetime(2026, 1, 31, 23)),
        ],
        "item_id string, available_from timestamp, available_to timestamp",
    )
    got = sorted(r.item_id for r in available(items, D).collect())
    assert got == ["always", "ends that morning", "opens that evening"]
