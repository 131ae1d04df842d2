from datetime import date, datetime
from itertools import chain

import pytest
from pyspark.sql import functions as F

from nightrec.matrix.transform import carry_forward, number, weigh
from nightrec.schemas import contract

WEIGHTS = {"view": (0.2, 0.0), "rating": (0.0, 0.2)}


@pytest.fixture
def events(spark):
    base = {
        "event_id": "e1",
        "user_id": "u1",
        "event_type": "view",
        "event_at": datetime(2026, 1, 30, 12),
        "item_id": "i1",
        "value": None,
        "run_date": date(2026, 1, 30),
    }
    schema = (
        "event_id string, user_id string, event_type string, event_at timestamp, item_id string, value double,"
        " run_date date"
    )

    def make(*overrides):
        rows = [base | override for override in overrides]
        return spark.createDataFrame([tuple(r[k] for k in base) for r in rows], schema)

    return make


def test_weigh_adds_the_value_part_and_drops_what_has_no_weight_or_item(events):
    got = weigh(
        events(
            {"event_id": "view"},
            {"event_id": "stars", "event_type": "rating", "value": 4.0},
            {"event_id": "poor", "event_type": "rating", "value": 2.0},
            {"event_id": "search", "event_type": "search", "item_id": None},
            {"event_id": "cart", "event_type": "cart"},
        ),
        WEIGHTS,
        goal_types=["rating"],
        goal_min_value=4.0,
    )
    rows = {r.event_id: (round(r.weight, 6), r.is_goal) for r in got.collect()}
    assert rows == {"view": (0.2, False), "stars": (0.8, True), "poor": (0.4, False)}


def test_weigh_never_goes_below_zero(events):
    got = weigh(events({"value": -3.0}), {"view": (0.1, 1.0)}, ["view"], None)
    assert [(r.weight, r.is_goal) for r in got.collect()] == [(0.0, True)]


def test_carry_forward_halves_a_weight_after_one_half_life(spark, events):
    weighed = weigh(
        events({}, {"event_id": "e2", "event_at": datetime(2026, 2, 9, 12), "run_date": date(2026, 2, 9)}),
        WEIGHTS, ["view"], None,
    )  # fmt: skip
    [row] = carry_forward(empty_state(spark), weighed, half_life_days=10.0).collect()
    assert row.weight == pytest.approx(0.2 * 0.5 + 0.2)
    assert (row.n_events, row.n_goals) == (2, 2)
    assert (row.first_at, row.last_at) == (datetime(2026, 1, 30, 12), datetime(2026, 2, 9, 12))
    assert row.last_goal_at == row.last_at


def test_carry_forward_keeps_when_the_goal_was_reached_last(spark, events):
    views = events({}, {"event_id": "e2", "event_at": datetime(2026, 2, 9, 12), "run_date": date(2026, 2, 9)})
    weighed = weigh(views, WEIGHTS, ["view"], None).withColumn("is_goal", F.col("event_id") != "e2")
    [row] = carry_forward(empty_state(spark), weighed, half_life_days=10.0).collect()
    assert (row.n_events, row.n_goals, row.last_goal_at) == (2, 1, row.first_at)
    none = carry_forward(empty_state(spark), weighed.withColumn("is_goal", F.lit(False)), half_life_days=10.0)
    assert none.collect()[0].last_goal_at is None


def test_carry_forward_a_late_event_counts_less_and_changes_neither_last_time_nor_value(spark, events):
    late = {"event_id": "e2", "event_at": datetime(2026, 1, 20, 12), "run_date": date(2026, 1, 31), "value": 9.0}
    weighed = weigh(events({"value": 1.0}, late), WEIGHTS, ["view"], None)
    [row] = carry_forward(empty_state(spark), weighed, half_life_days=10.0).collect()
    assert row.weight == pytest.approx(0.2 + 0.2 * 0.5)
    assert (row.last_at, row.last_value, row.first_at) == (datetime(2026, 1, 30, 12), 1.0, datetime(2026, 1, 20, 12))


LAST_VALUES = {
    "a later event without value": ([(12, 5.0), (13, None)], [], (5.0, 12)),
    "the same the next night": ([(12, 5.0)], [(13, None)], (5.0, 12)),
    "no value at all": ([(12, None)], [(13, None)], (None, None)),
    "a newer value": ([(12, 5.0)], [(13, 2.0)], (2.0, 13)),
    "a late value, newer than the known": ([(12, 5.0), (15, None)], [(14, 3.0)], (3.0, 14)),
    "a late value, older than the known": ([(12, 5.0), (15, None)], [(11, 3.0)], (5.0, 12)),
    "a late value, the first of all": ([(15, None)], [(11, 3.0)], (3.0, 11)),
    "a value of the same moment": ([(12, 5.0)], [(12, 2.0)], (2.0, 12)),
}
"""Per item: the hours and values of two nights, and the value that stays with its hour."""


def test_the_newest_value_stays_whatever_comes_after_or_late(spark, events):
    state = empty_state(spark)
    for night in (0, 1):
        rows = [
            {"item_id": item, "event_id": f"{night}-{hour}", "event_at": datetime(2026, 1, 30, hour), "value": value,
             "run_date": date(2026, 1, 30 + night)}
            for item, nights in LAST_VALUES.items() for hour, value in nights[night]
        ]  # fmt: skip
        state = carry_forward(state, weigh(events(*rows), WEIGHTS, ["view"], None), half_life_days=10.0)

    got = {row.item_id: (row.last_value, row.last_value_at and row.last_value_at.hour) for row in state.collect()}
    assert got == {item: kept for item, (_, _, kept) in LAST_VALUES.items()}


def test_night_by_night_equals_a_rebuild_to_the_last_bit(spark, events):
    nights = [
        [
            {
                "event_id": f"{night}-{k}",
                "item_id": f"i{(k * 7) % 3}",
                "user_id": f"u{k % 2}",
                "event_at": datetime(2026, 1, 1 + (k * 5 + night) % 27, k % 24, (k * 13) % 60),
                "run_date": date(2026, 2, 1 + night),
                "event_type": "rating",
                "value": 1.0 + (k % 5) / 3 if k % 4 else None,
            }
            for k in range(25)
        ]
        for night in range(3)
    ]
    state = empty_state(spark)
    for night in nights:
        state = carry_forward(
            state, weigh(events(*night), WEIGHTS, ["rating"], 2.0), half_life_days=3.7
        ).localCheckpoint()
    everything = weigh(events(*chain(*nights)).repartition(5), WEIGHTS, ["rating"], 2.0)
    rebuilt = carry_forward(empty_state(spark), everything, half_life_days=3.7)
    key = lambda row: (row.user_id, row.item_id)  # noqa: E731
    assert sorted(state.collect(), key=key) == sorted(rebuilt.collect(), key=key)
    assert state.count() == 6


def test_number_is_contiguous_and_independent_of_partitioning(spark):
    keys = spark.createDataFrame([(f"k{i % 300}",) for i in range(600)], "user_id string")
    once = number(keys.repartition(7), "user_id", "user_idx").collect()
    again = number(keys.coalesce(1), "user_id", "user_idx").collect()
    assert sorted(r.user_idx for r in once) == list(range(300))
    assert sorted(once) == sorted(again)


def empty_state(spark):
    return spark.createDataFrame([], contract("interactions").spark())
