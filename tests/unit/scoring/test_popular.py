from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import functions as F

from nightrec.scoring.popular import by_category, growth, popular_lists, window_users, with_growth

DAY = date(2026, 1, 31)
MIDNIGHT = datetime(2026, 2, 1)
COUNTS = "item_id string, days int, n_users long, n_before long"


def test_window_users_counts_people_once_and_keeps_to_the_days(spark):
    moment = timedelta(microseconds=1)
    rows = [
        ("u1", "a", MIDNIGHT - moment),  # last of the run date
        ("u1", "a", MIDNIGHT - timedelta(hours=5)),  # the same user again
        ("u2", "a", MIDNIGHT - timedelta(days=1)),  # first of the run date
        ("u3", "a", MIDNIGHT - timedelta(days=1) - moment),  # the day before
        ("u1", "a", MIDNIGHT - timedelta(days=2)),
        ("u4", "a", MIDNIGHT - timedelta(days=2) - moment),
        ("u5", "a", MIDNIGHT),  # a clock that is ahead
        ("u1", "old", MIDNIGHT - timedelta(days=99)),
        ("u1", None, MIDNIGHT - moment),
    ]
    events = spark.createDataFrame(rows, "user_id string, item_id string, event_at timestamp")
    got = sorted(tuple(row) for row in window_users(events, DAY, [1, 2]).collect())
    assert got == [("a", 1, 2, 2), ("a", 2, 3, 1), ("old", 1, 0, 0), ("old", 2, 0, 0)]


def grown(spark, n_users, n_before, n_all=100, n_all_before=100):
    row = spark.range(1).select(growth(*[F.lit(n) for n in (n_users, n_before, n_all, n_all_before)]).alias("g"))
    return row.collect()[0].g


def test_growth_is_the_lower_end_of_wilsons_interval_as_a_ratio(spark):
    # p = 9/10, n = 10, z = 1.96: (0.9 + 0.19207 - 1.96 sqrt(0.009 + 0.0096036)) / 1.38415 = 0.59585; 0.59585 / 0.40415
    assert grown(spark, 9, 1) == pytest.approx(1.4743, abs=1e-4)
    assert grown(spark, 9, 1, n_all=300, n_all_before=100) == pytest.approx(1.4743 / 3, abs=1e-4)


def test_growth_trusts_many_users_more_than_few(spark):
    assert grown(spark, 2, 0) == pytest.approx(2 / 1.959964**2)  # p = 1: low = n / (n + z^2)
    assert grown(spark, 2, 0) < 1 < grown(spark, 40, 10) < grown(spark, 4000, 1000) < 4
    assert grown(spark, 50, 50) < 1


@pytest.mark.parametrize(("counts", "want"), [((0, 5), 0.0), ((0, 0), None), ((5, 0, 5, 0), 0.0)])
def test_growth_of_nothing_or_from_nothing_lists_no_item(spark, counts, want):
    assert grown(spark, *counts) == pytest.approx(want)


def test_with_growth_takes_the_sums_of_each_window(spark):
    rows = [("a", 1, 9, 1), ("b", 1, 11, 19), ("a", 7, 9, 1), ("b", 7, 51, 19)]
    got = {(r.item_id, r.days): r.growth for r in with_growth(spark.createDataFrame(rows, COUNTS)).collect()}
    assert got["a", 1] == pytest.approx(1.4743, abs=1e-4)
    assert got["a", 7] == pytest.approx(1.4743 / 3, abs=1e-4)


def test_items_are_filed_under_each_of_their_categories_and_under_all(spark):
    rows = [("a", "Garden| Tools |Garden"), ("b", None), ("c", "")]
    got = by_category(spark.createDataFrame(rows, "item_id string, categories string")).collect()
    assert sorted(tuple(row) for row in got) == [("a", ""), ("a", "Garden"), ("a", "Tools"), ("b", ""), ("c", "")]


def test_lists_are_ranked_by_window_and_category_and_stay_above_the_privacy_floor(spark):
    rows = [("a", 5, 0.5), ("b", 5, 3.0), ("c", 9, 1.0), ("d", 2, 9.0), ("gone", 99, 9.0)]
    counts = [(item, 7, n, growth) for item, n, growth in rows] + [("a", 30, 6, 1.5)]
    counts = spark.createDataFrame(counts, "item_id string, days int, n_users long, growth double")
    items = [("a", "x"), ("b", "x|y"), ("c", None), ("d", "x")]
    items = spark.createDataFrame(items, "item_id string, categories string")

    got = popular_lists(counts, items, min_users=3, n=2).collect()

    assert sorted(tuple(row) for row in got) == [
        ("popular", 7, "", 1, "c", 9, 9.0),
        ("popular", 7, "", 2, "a", 5, 5.0),  # as many users as b
        ("popular", 7, "x", 1, "a", 5, 5.0),
        ("popular", 7, "x", 2, "b", 5, 5.0),
        ("popular", 7, "y", 1, "b", 5, 5.0),
        ("popular", 30, "", 1, "a", 6, 6.0),
        ("popular", 30, "x", 1, "a", 6, 6.0),
        ("trending", 7, "", 1, "b", 5, 3.0),
        ("trending", 7, "x", 1, "b", 5, 3.0),
        ("trending", 7, "y", 1, "b", 5, 3.0),
        ("trending", 30, "", 1, "a", 6, 1.5),
        ("trending", 30, "x", 1, "a", 6, 1.5),
    ]
