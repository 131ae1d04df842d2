from types import SimpleNamespace

import numpy as np
import pytest

from nightrec.behaviour.events import Reviews, text_hash
from nightrec.behaviour.interests import aspects, categories, lift, nearest, newest_items, profiles
from nightrec.behaviour.metrics import Interval, summary
from nightrec.behaviour.model import Lesson
from nightrec.behaviour.outlook import n_measured, read_sentiment
from nightrec.behaviour.returning import Visits, chance_of_return, describe_visits, returned
from nightrec.behaviour.sentiment import fitted, is_enough, verdicts, zero_shot
from nightrec.histories import Histories

DAY_S = 86_400.0


def visits(rows, n_users):
    users, days = zip(*rows, strict=True)
    return Visits(np.array(users), np.array(days) * DAY_S, np.zeros(len(rows), np.bool_), n_users)


def test_visits_after_the_moment_describe_nobody_and_are_what_followed():
    found = visits([(0, 1), (0, 5), (0, 11), (1, 12), (2, 9)], 4)
    described, known = describe_visits(found, 10 * DAY_S, 3)
    assert known.tolist() == [True, False, True, False]
    again, _ = describe_visits(found.until(10 * DAY_S), 10 * DAY_S, 3)
    assert described.tolist() == again.tolist()
    # user 0: none within 3 days, one within 9, two within 36 and ever; last seen 5 days ago, here for 9, gap 4
    assert np.expm1(described[0, [0, 1, 2, 3, 7, 8, 9, 10]]) == pytest.approx([0, 1, 2, 2, 5, 9, 4, 1], rel=1e-5)
    assert returned(found, 10 * DAY_S, 1).tolist() == [True, False, False, False]
    assert returned(found, 10 * DAY_S, 2).tolist() == [True, True, False, False]


def test_daily_visitors_come_back_and_those_who_left_do_not():
    # Users 0 to 39 come every day for 60 days; 40 to 79 every day until a day between 2 and 41, and never again.
    rows = [(user, day) for user in range(40) for day in range(60)]
    rows += [(user, day) for user in range(40, 80) for day in range(user - 38)]
    chance, measures, reason = chance_of_return(visits(rows, 81), days=7)
    assert reason is None
    assert chance[:40].min() > 0.9
    assert chance[40:70].max() < 0.2
    assert np.isnan(chance[80])  # nobody has seen this user
    assert measures["roc_auc"].value > 0.95


def test_a_short_log_tells_no_return_and_says_why():
    chance, measures, reason = chance_of_return(visits([(0, 1), (1, 2)], 2), days=7)
    assert np.isnan(chance).all()
    assert measures == {}
    assert reason == "too little to learn from: fewer than 20 returns, or absences, in 7 days"


TEXT = np.repeat(np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32), 6, axis=0)
LABELS = ["pans|sale"] * 3 + ["pans"] * 3 + ["spades"] * 5 + ["spades|rare"]


def test_categories_need_enough_items_and_stand_where_their_items_are():
    found = categories(LABELS, TEXT)
    assert found.names == ["pans", "spades"]
    assert found.centres.tolist() == [[1, 0], [-1, 0]]
    assert found.members.sum(axis=0).tolist() == [[6, 6]]
    assert categories([None] * 12, TEXT).names == []


def test_aspects_are_words_whose_items_are_alike(monkeypatch):
    monkeypatch.setattr("nightrec.behaviour.interests.MAX_ITEMS_FRAC", 0.9)
    monkeypatch.setattr("nightrec.behaviour.interests.N_ASPECTS", 2)
    monkeypatch.setattr("nightrec.behaviour.interests.BLOCK", 1)
    told = [{"the", "copper" if k < 6 else "花园", "with" if k % 2 else "很好"} for k in range(12)]
    found = aspects(told, TEXT)
    assert found.names == ["copper", "花园"]  # `the` is in all, `with` and `很好` mix both halves
    assert nearest(np.array([[0.6, 0.8], [-1, 0]], np.float32), found, 1)[0].tolist() == [[0], [1]]
    assert aspects([set()] * 12, TEXT).names == []


def test_profiles_follow_the_newest_items_and_own_words():
    at = np.arange(12.0)
    rows = Histories(np.zeros(12, int), np.arange(12), at, at, at, at > 0, (2, 12))
    newest = newest_items(rows)
    assert newest.indices.tolist() == list(range(2, 12))
    assert newest[0, 11] == 1.0
    assert newest[0, 10] == 0.5
    own = profiles(newest, TEXT, np.array([[0, 0], [0, 1]], np.float32))
    assert own.tolist() == [[-1, 0], [0, 1]]


def test_lift_is_one_for_what_everybody_takes_and_more_for_own_topics():
    found = categories(LABELS, TEXT)
    goals = [(0, np.array([0, 1])), (1, np.array([6, 7]))]
    assert lift(np.array([[0], [1]]), found, goals) == 2.0  # four hits where half of four were expected
    assert lift(np.array([[0], [0]]), found, goals) == 1.0
    assert lift(np.array([[0, 1], [0, 1]]), found, goals) == 1.0


def test_verdicts_leave_the_middle_of_the_scale_out():
    positive, is_clear = verdicts(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]))
    assert positive.tolist() == [False, False, False, True, True, False]
    assert is_clear.tolist() == [True, True, False, True, True, False]
    assert not verdicts(np.full(3, 5.0))[1].any()


def test_one_odd_rating_does_not_stretch_the_scale():
    stars = np.array([1.0, *[5.0] * 99, 1.0, 2.0, 4.0, 50.0, -7.0])
    positive, is_clear = verdicts(stars)
    assert positive.tolist() == (stars >= 4).tolist()
    assert is_clear.all()
    assert not verdicts(np.full(3, np.nan))[1].any()


def test_rows_measured_are_those_of_the_confusion_matrix():
    assert n_measured({k: Interval(v) for k, v in summary(np.array([0.9, 0.1, 0.2]), np.arange(3) > 1).items()}) == 3
    assert n_measured({}) == 0


def test_sentiment_is_learnt_from_stars_where_there_are_enough_of_either_kind():
    rng = np.random.default_rng(0)
    is_positive = rng.random(400) < 0.8
    vectors = (rng.normal(0, 0.3, (400, 3)) + np.where(is_positive, 1, -1)[:, None] * [1, 0, 0]).astype(np.float32)
    rated = Lesson(vectors, is_positive, np.arange(400) % 3)
    chance, measures = fitted(rated, np.eye(3, dtype=np.float32)[:1] * [[1], [-1]])
    assert chance[0] > 0.9
    assert chance[1] < 0.3
    assert measures["accuracy"].value > 0.95
    assert is_enough(rated, 400)
    assert not is_enough(rated, 401)
    assert not is_enough(Lesson(vectors, is_positive | True, rated.fold), 300)


def test_zero_shot_reads_likeness_to_either_side():
    got = zero_shot(np.array([[1, 0], [0, 1], [0.7, 0.7]], np.float32), np.array([[1.0, 0]]), np.array([[0, 1.0]]))
    assert got.tolist() == pytest.approx([1, 0, 0.5], abs=1e-6)


def test_few_stars_measure_the_example_sentences_instead_of_teaching(monkeypatch):
    sides = np.array([[1.0, 0]], np.float32), np.array([[0, 1.0]], np.float32)
    monkeypatch.setattr("nightrec.behaviour.outlook.embed_prototypes", lambda ctx, mean: sides)
    behaviour = SimpleNamespace(seed=1, min_rated_reviews=300, zero_shot=True)
    ctx = SimpleNamespace(config=SimpleNamespace(behaviour=behaviour))
    reviews = Reviews(np.arange(3), np.array([5.0, 1.0, np.nan]), np.eye(3, 2, dtype=np.float32), np.zeros(2))
    chance, source, measures = read_sentiment(ctx, reviews)
    assert chance.tolist() == pytest.approx([1, 0, 0.5], abs=1e-6)
    assert source == "zero_shot"
    assert measures["roc_auc"].value == 1.0
    behaviour.zero_shot = False
    assert read_sentiment(ctx, reviews)[1:] == (None, {})


def test_text_hash_is_the_key_that_the_matrix_gives(spark):
    from pyspark.sql import functions as F

    from nightrec.matrix.texts import _text_and_hash

    rows = spark.createDataFrame([("  很好用 so good ",), ("x" * 20,)], "text string")
    kept = rows.select(*_text_and_hash(F.trim("text"), 10)).collect()
    assert [row.text_hash for row in kept] == [text_hash("  很好用 so good ", 10), text_hash("x" * 20, 10)]
