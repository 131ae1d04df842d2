from datetime import date, datetime

import pytest
from pyspark.sql import functions as F

from nightrec.evaluation.lists import lists_from_ranks, popular_ranks, recent_goals, relevant_items
from nightrec.goals import is_goal

PAIRS = "user_id string, item_id string"
EVENTS = "user_id string, item_id string, event_type string, value double, event_at timestamp"


@pytest.fixture
def events(spark):
    rows = [
        ("u1", "a", "rating", 5.0, datetime(2026, 1, 31, 23)),
        ("u1", "a", "rating", 4.0, datetime(2026, 1, 31, 22)),
        ("u1", "seen", "rating", 5.0, datetime(2026, 1, 30)),
        ("u1", "poor", "rating", 1.0, datetime(2026, 1, 31)),
        ("u2", "b", "view", None, datetime(2026, 1, 31)),
        ("u2", "c", "rating", 4.0, datetime(2026, 1, 24)),
    ]
    return spark.createDataFrame(rows, EVENTS)


def test_relevant_items_are_distinct_goals_that_a_list_could_show(spark, events):
    hidden = spark.createDataFrame([("u1", "seen")], PAIRS)
    got = relevant_items(events.where(is_goal(["rating"], 4.0)), hidden).collect()
    assert sorted((r.user_id, r.item_id) for r in got) == [("u1", "a"), ("u2", "c")]


def test_goals_without_value_count_only_without_a_minimum(events):
    count = lambda minimum: events.where(is_goal(["view"], minimum)).count()  # noqa: E731
    assert (count(None), count(0.0)) == (1, 0)


def test_recent_goals_end_with_the_list_date(events):
    got = recent_goals(events, is_goal(["rating"], 4.0), date(2026, 1, 30), days=7).collect()
    # 31 January is the morrow; 24 January is the first of the seven days
    assert sorted(r.item_id for r in got) == ["c", "seen"]


def test_popular_ranks_count_ever_and_lately(spark):
    items = spark.createDataFrame([(i,) for i in "abcd"], "item_id string")
    matrix = spark.createDataFrame([("a", 2), ("b", 5), ("b", 1), ("gone", 9)], "item_id string, n_goals bigint")
    recent = spark.createDataFrame([("a",), ("a",), ("c",)], "item_id string")
    ever, lately = popular_ranks(items, matrix, recent)
    order = lambda ranks: "".join(r.item_id for r in ranks.orderBy("place").collect())  # noqa: E731
    assert (order(ever), order(lately)) == ("bacd", "acbd")


def test_lists_from_ranks_go_deeper_for_users_who_saw_the_top(spark):
    ranks = spark.createDataFrame(
        [(item, place + 1) for place, item in enumerate("abcdef")], "item_id string, place int"
    )
    users = spark.createDataFrame([("new",), ("heavy",)], "user_id string")
    hidden = spark.createDataFrame([("heavy", "a"), ("heavy", "c"), ("heavy", "z")], PAIRS)
    got = lists_from_ranks(ranks, users, hidden, k=3).orderBy("user_id", "rank")
    lists = {r.user_id: r.items for r in got.groupBy("user_id").agg(F.collect_list("item_id").alias("items")).collect()}
    assert lists == {"new": ["a", "b", "c"], "heavy": ["b", "d", "e"]}
