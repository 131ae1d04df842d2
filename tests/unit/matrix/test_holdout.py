from datetime import datetime, timedelta

import pytest

from nightrec.config import load_config
from nightrec.matrix.holdout import hold_out

DAY0 = datetime(2026, 1, 1)
ROWS = "user_id string, item_id string, last_at timestamp"


@pytest.fixture
def held(spark):
    def make(rows, **changes):
        settings = load_config("tiny").ranker.model_copy(update={"newest_frac": 0.25, "min_items": 3} | changes)
        stamped = [(user, item, DAY0 + timedelta(days=day)) for user, item, day in rows]
        got = hold_out(spark.createDataFrame(stamped, ROWS), settings).collect()
        return sorted((row.user_id, row.item_id) for row in got)

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


def test_hold_out_needs_a_day_between_before_and_after(held):
    rows = [(f"u{user}", item, place / 100) for user in range(4) for place, item in enumerate("abc")]
    assert held(rows, min_users=1) == [(f"u{user}", "c") for user in range(4)]


def test_hold_out_of_nothing_is_nothing(held):
    assert held([]) == []
