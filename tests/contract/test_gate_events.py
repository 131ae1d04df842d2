"""The gate on events: one planted fault for every rule, all in one night, and a clean night at every boundary."""

from contract.conftest import at

EVENT = {"user_id": "u1", "event_type": "view", "event_at": at("2026-01-31 12:00"), "item_id": "i1"}
END_OF_TOMORROW = at("2026-02-02 00:00")  # the run date ends with 31 January, ingest.max_future_hours adds 24
FEED = {"n_read": 0, "n_accepted": 0, "n_rejected": 0, "n_duplicates": 0, "fingerprint": "f"}
COUNTS = ("n_read", "n_accepted", "n_rejected", "n_duplicates")

FAULTY = [
    {"event_id": None},
    {"event_id": "userless", "user_id": None},
    {"event_id": "typeless", "event_type": None},
    {"event_id": "timeless", "event_at": None},
    {"event_id": "stare", "event_type": "stare"},
    {"event_id": "zeroth", "rank": 0},
    {"event_id": "twice"},
    {"event_id": "twice"},
    {"event_id": "itemless", "item_id": None},
    {"event_id": "ahead", "event_at": at("2026-02-02 00:00:01")},
    {"event_id": "not in the catalogue", "item_id": "ghost"},
]
DELIVERIES = [
    {"feed": "events", "n_read": 10, "n_accepted": 10},  # events hold 11
    {"feed": "lost", "n_read": 10, "n_accepted": 6, "n_rejected": 2, "n_duplicates": 1},
    {"feed": "rejected", "n_read": 10, "n_accepted": 7, "n_rejected": 3},  # 0.3 of them; 0.2 is allowed
    {"feed": "negative", "n_read": -30, "n_accepted": -28, "n_rejected": -1, "n_duplicates": -1},
    {"feed": "empty", **dict.fromkeys(COUNTS), "fingerprint": None},
    {"feed": "again"},
    {"feed": "again"},
    {"feed": None},
]
ITEMS = [
    {"item_id": "i1"},
    {"item_id": "i2", "price": -0.01},
    {"item_id": "i3"},
    {"item_id": "i3"},
    {"item_id": None},
]
PLANTED = {
    "event_id_is_null": 1,
    "user_id_is_null": 1,
    "event_type_is_null": 1,
    "event_at_is_null": 1,
    "event_type_not_allowed": 1,
    "rank_out_of_range": 1,
    "key_not_unique": 2,
    "item_missing": 1,
    "event_in_future": 1,
    "accepted_plus_rejected_plus_duplicates_is_read": 1,
    "accepted_rows_missing": 1,
    "too_many_rejects": 1,
    "deliveries_feed_is_null": 1,
    "deliveries_fingerprint_is_null": 1,
    **{f"deliveries_{count}_is_null": 1 for count in COUNTS},
    **{f"deliveries_{count}_out_of_range": 1 for count in COUNTS},
    "deliveries_key_not_unique": 2,
    "items_item_id_is_null": 1,
    "items_price_out_of_range": 1,
    "items_key_not_unique": 2,
}


def fill(night, events, deliveries, items):
    night.write("events", events, EVENT)
    night.write("deliveries", deliveries, FEED)
    night.write("items", items, {})


def test_gate_on_events_finds_one_planted_fault_for_every_rule(night, caplog):
    fill(night, FAULTY, DELIVERIES, ITEMS)

    code = night.gate("events")

    assert code == 4
    assert night.failed("events") == PLANTED
    assert night.rules("events") == {*PLANTED, "columns_differ"}  # a rule without a planted fault is an untested rule
    assert "event_id_is_null: 1 (9.09%), e.g. event_id=None" in caplog.text
    assert "landing/movielens/run_date=2026-01-31 and run jobs/ingest_logs.py --domain movielens" in caplog.text


def test_gate_on_events_passes_a_clean_night_at_every_boundary(night, caplog):
    events = [
        {"event_id": "1", "event_at": END_OF_TOMORROW},
        {"event_id": "2", "event_at": at("1999-01-01 00:00"), "rank": 1},
        {"event_id": "3", "event_type": "question", "item_id": None},
        {"event_id": "4", "event_type": "search", "item_id": None},
        {"event_id": "5", "item_id": "ghost"},
    ]
    feeds = [
        {"feed": "events", "n_read": 10, "n_accepted": 5, "n_rejected": 2, "n_duplicates": 3},  # exactly 0.2
        {"feed": "items", "n_read": 3, "n_accepted": 3},  # the catalogue holds one item: changes, not rows
        {"feed": "nothing"},
    ]
    fill(night, events, feeds, [{"item_id": "i1", "price": 0.0}])

    assert night.gate("events") == 0
    assert night.failed("events") == {}
    assert night.run.metrics["unknown_item_frac"] == 1 / 3
    assert "1 of 3 events are about items that are not in items/2026-01-31" in caplog.text
