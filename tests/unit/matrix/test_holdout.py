from datetime import date, datetime, timedelta

import pytest

from nightrec.config import load_config
from nightrec.matrix.holdout import hold_out, with_past
from nightrec.matrix.transform import carry_forward

DAY0 = datetime(2026, 1, 1)
ROWS = "user_id string, item_id string, first_at timestamp, last_goal_at timestamp, last_at timestamp"


@pytest.fixture
def held(spark):
    def make(rows, is_shown_again=False, **changes):
        settings = load_config("tiny").ranker.model_copy(update={"newest_frac": 0.25, "min_items": 3} | changes)
        stamped = [(user, item, *(at(day) for day in (days * 3)[:3])) for user, item, *days in rows]
        got = hold_out(spark.createDataFrame(stamped, ROWS), settings, is_shown_again).collect()
        return sorted((row.user_id, row.item_id) for row in got)

    def at(day):
        return None if day is None else DAY0 + timedelta(days=day)

    return make


def test_hold_out_cuts_by_time_where_enough_users_are_on_both_sides(held):
    rows = [("u1", "a", 0), ("u1", "b", 9), ("u2", "a", 0), ("u2", "b", 1), ("u2", "c", 8), ("u3", "d", 2)]
    rows += [("u4", "a", 3), ("u4", "b", 4)]
    assert held(rows, min_users=2) == [("u1", "b"), ("u2", "c")]


def test_hold_out_takes_each_users_newest_where_a_cut_by_time_leaves_too_few(held):
    rows = [("u1", item, day) for day, item in enumerate("abcdefgh")]
    rows += [("u2", "x", 1), ("u2", "z", 5), ("u2", "y", 5), ("u3", "a", 0), ("u3", "b", 9)]
    # u1 has 8 items: 2 are a quarter. u2 has a tie in time, which the item decides. u3 has too few.
    assert held(rows, min_users=3) == [("u1", "g"), ("u1", "h"), ("u2", "z")]


def test_hold_out_of_users_takes_what_they_met_last_or_did_last_where_lists_show_it_again(held):
    # First met, goal, last touched: b is rated long after it was bought, c was looked at again and never bought.
    rows = [("u1", "a", 0, 1, 1), ("u1", "b", 1, 4, 9), ("u1", "c", 2, None, 3), ("u1", "d", 3, 3, 3)]
    assert held(rows, min_users=99) == [("u1", "d")]
    assert held(rows, is_shown_again=True, min_users=99) == [("u1", "b")]


def test_hold_out_needs_a_day_between_before_and_after(held):
    rows = [(f"u{user}", item, place / 100) for user in range(4) for place, item in enumerate("abc")]
    assert held(rows, min_users=1) == [(f"u{user}", "c") for user in range(4)]


def test_hold_out_of_nothing_is_nothing(held):
    assert held([]) == []


def test_what_users_did_before_with_what_is_held_out_stays_known(spark, tables):
    settings = load_config("tiny").ranker.model_copy(update={"newest_frac": 0.25, "min_items": 3, "min_users": 99})
    days = {("u1", "a"): [0, 1, 9], ("u1", "b"): [2], ("u1", "c"): [3], ("u1", "d"): [4], ("u2", "a"): [5]}
    events = [
        (user, item, date(2026, 1, 31), DAY0 + timedelta(days=day), f"{item}{day}", 1.0, day in (0, 9), None)
        for (user, item), taken in days.items() for day in taken
    ]  # fmt: skip
    kinds = "user_id string, item_id string, run_date date, event_at timestamp, event_id string, weight double, "
    weighed = spark.createDataFrame(events, kinds + "is_goal boolean, value double")
    nothing = tables.empty("interactions")
    held = hold_out(carry_forward(nothing, weighed, 1.0), settings, is_shown_again=True)

    (row,) = with_past(held, weighed, nothing, half_life_days=1.0).collect()

    assert (row.user_id, row.item_id) == ("u1", "a")
    assert (row.weight, row.last_at, row.last_goal_at) == (1.5, DAY0 + timedelta(days=1), DAY0)
    (row,) = with_past(held, weighed.limit(0), nothing, half_life_days=1.0).collect()
    assert (row.cut_at, row.weight, row.last_at) == (DAY0 + timedelta(days=9), None, None)
