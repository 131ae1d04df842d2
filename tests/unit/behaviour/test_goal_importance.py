"""Goals are reached by a known rule; importance of the model of goals must name the rule."""

import numpy as np
import pytest

from nightrec.behaviour.features import NAMES
from nightrec.behaviour.folds import calibrated, fit_folds, out_of_fold
from nightrec.behaviour.importance import MAX_PAIRS, Asked, by_user, measure
from nightrec.behaviour.model import KINDS, Lesson, fit, sigmoid
from nightrec.behaviour.pairs import Pairs

N_USERS, N_EACH, N_ITEMS = 300, 20, 40
STRONG, WEAK, NOISE = "collaborative_score", "text_score", "price_distance"


def asked():
    """Return pairs whose log-odds are 2 of one feature and 1 of another; a third is noise, the others are constant."""
    rng = np.random.default_rng(0)
    n = N_USERS * N_EACH
    features = np.zeros((n, len(NAMES)), np.float32)
    for name in (STRONG, WEAK, NOISE):
        features[:, NAMES.index(name)] = rng.normal(size=n)
    is_goal = rng.random(n) < sigmoid(2.0 * features[:, NAMES.index(STRONG)] + features[:, NAMES.index(WEAK)])
    users, items = np.repeat(np.arange(N_USERS), N_EACH), rng.integers(0, N_ITEMS, n)
    groups = {"cold_items": np.arange(N_ITEMS) < 10, "category:none": np.zeros(N_ITEMS, bool)}
    lesson = Lesson(features, is_goal, users % 3)
    return Asked(Pairs(users, items, is_goal), lesson, np.where(np.arange(N_USERS) % 3, 50, 5), groups)


def rows_of(kind, seed=0):
    known = asked()
    crossed = calibrated(fit_folds(kind, known.lesson, 0), out_of_fold(kind, known.lesson, None, 0)[0], known.lesson)
    model = fit(kind, known.lesson.features, known.lesson.is_goal, 0)
    return measure(model, crossed, known, 20, seed), crossed


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def rows(kind):
    return rows_of(kind)[0]


def of(rows, kind, part="all"):
    return {row["name"]: row for row in rows if (row["kind"], row["slice"]) == (kind, part)}


@pytest.mark.parametrize("part", ["all", "new_users", "heavy_users", "cold_items"])
def test_the_planted_order_comes_back_in_every_kind_and_slice(rows, part):
    for kind, names in (
        ("shap", (STRONG, WEAK, NOISE)),
        ("permutation", (STRONG, WEAK, NOISE)),
        ("source", ("collaborative", "text", "price")),
    ):
        strong, weak, noise = (of(rows, kind, part)[name] for name in names)
        assert strong["low"] > weak["value"] > weak["low"] > noise["high"], kind


def test_pure_noise_is_worth_nothing(rows):
    for kind, name in (("permutation", NOISE), ("source", "price")):
        noise = of(rows, kind)[name]
        assert noise["low"] < 0.005
        assert abs(noise["value"]) < 0.02


def test_features_that_are_the_same_for_all_and_slices_of_nobody_have_no_rows(rows):
    assert {row["name"] for row in rows} == {STRONG, WEAK, NOISE, "collaborative", "text", "price"}
    assert {row["slice"] for row in rows} == {"all", "new_users", "heavy_users", "cold_items"}


def test_shares_of_families_add_up_to_what_the_model_saves_of_a_coins_surprise(rows, kind):
    known, n_pairs = asked(), MAX_PAIRS[kind]
    saved = sum(row["value"] for row in of(rows, "source").values())
    crossed = rows_of(kind)[1]
    log_odds = crossed.log_odds(known.lesson.features, known.lesson.fold)
    surprise = np.logaddexp(0, np.where(known.lesson.is_goal, -log_odds, log_odds)).mean()
    assert saved == pytest.approx(np.log(2) - surprise, abs=0.03)
    assert {row["n_users"] for row in of(rows, "source").values()} == {min(N_USERS, n_pairs // N_EACH)}


def test_contributions_and_the_average_add_up_to_the_margins(kind):
    known = asked().lesson
    model = fit(kind, known.features, known.is_goal, 0)
    rest = model.margins(known.features) - model.contributions(known.features).sum(axis=1)
    assert model.contributions(known.features).std() > 0.1
    np.testing.assert_allclose(rest, rest[0], atol=1e-5)


def test_the_same_seed_gives_the_same_rows(rows, kind):
    assert rows_of(kind)[0] == rows


def test_pairs_are_averaged_by_user_and_users_outside_a_slice_count_nowhere():
    pairs = Pairs(np.array([4, 4, 7]), np.array([0, 1, 1]), np.array([True, False, True]))
    known = Asked(pairs, Lesson(np.zeros((3, 1)), pairs.is_goal, np.zeros(3)), np.zeros(8, int), {})
    found = by_user(
        np.array([1.0, 3.0, 9.0]), known, {"all": np.ones(3, bool), "first": np.array([True, False, False])}
    )
    np.testing.assert_array_equal(found, [[2.0, 9.0], [1.0, np.nan]])
