"""Users choose by a known rule; importance must name the rule."""

from dataclasses import replace

import numpy as np
import pytest

from nightrec.importance.measure import Groups, ImportancePlan, measure, top_names
from nightrec.ranker.choose import RankerPlan, choose_ranker
from nightrec.ranker.describe import Lesson

NAMES = ["collaborative_score", "text_score", "popularity_score"]
WEIGHTS = np.array([3.0, 1.0, 0.0])
N_USERS, N_ITEMS = 600, 30
LENGTHS = np.where(np.arange(N_USERS) % 3, 50, 5)
"""Every third user is new, the others are heavy."""
NONE = np.zeros(N_ITEMS, bool)


def planted(weights=WEIGHTS):
    """Let each user choose two of 30 items with odds of `exp(weights . features)`; popularity is pure noise."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N_USERS, N_ITEMS, 3)).astype(np.float32)
    wish = (features * weights).sum(axis=2) + rng.gumbel(size=(N_USERS, N_ITEMS))
    relevant = wish >= np.sort(wish, axis=1)[:, [-2]]
    candidates = np.tile(np.arange(N_ITEMS), (N_USERS, 1))
    return Lesson([(k, np.flatnonzero(row)) for k, row in enumerate(relevant)], candidates, features, relevant)


def importance(lesson, plan=RankerPlan(), chosen=None, unmet=NONE, **limits):  # noqa: B008  # never changed
    ranker, _, crossed = choose_ranker(lesson, NAMES, 0, plan)
    if chosen:
        ranker = replace(ranker, chosen=chosen)
        crossed = replace(crossed, rankers=[replace(other, chosen=chosen) for other in crossed.rankers])
    groups = Groups(LENGTHS, {"category:even": np.arange(N_ITEMS) % 2 == 0}, unmet)
    return measure(ranker, crossed, lesson, groups, ImportancePlan(10, 20, 0, **limits))


@pytest.fixture(scope="module")
def rows():
    return importance(planted())


def of(rows, kind, part="all"):
    return {row["name"]: row for row in rows if (row["kind"], row["slice"]) == (kind, part)}


@pytest.mark.parametrize("part", ["all", "new_users", "heavy_users", "category:even"])
def test_the_planted_order_comes_back_in_every_kind_and_slice(rows, part):
    for kind in ("shap", "permutation", "source"):
        first, second, noise = of(rows, kind, part).values()
        assert first["low"] > second["high"] > second["low"] > noise["high"], kind


def test_pure_noise_is_zero_within_its_interval(rows):
    for kind, name in (("permutation", "popularity_score"), ("source", "popularity")):
        noise = of(rows, kind)[name]
        assert noise["low"] <= 0 <= noise["high"]
        assert noise["high"] - noise["low"] < 0.03
    shap = of(rows, "shap")  # a mean of absolute values, so small but never zero
    assert shap["popularity_score"]["value"] < 0.05 * shap["collaborative_score"]["value"]


def test_contributions_name_the_planted_order(rows):
    assert top_names(rows, "shap") == NAMES


def test_shapley_values_add_up_to_what_the_ranker_gains_over_blind_lists(rows):
    lesson = planted()
    ranker, report, _ = choose_ranker(lesson, NAMES, 0, RankerPlan())
    gain = sum(row["value"] for row in of(rows, "source").values())
    gains = 1 / np.log2(np.arange(2, 12))
    blind = gains.sum() / N_ITEMS * 2 / gains[:2].sum()  # two goals at any of 30 places
    assert gain == pytest.approx(report[ranker.chosen] - blind, abs=0.02)


def test_a_sample_keeps_users_and_their_histories_together():
    short = LENGTHS[:, None, None] == LENGTHS.min()
    lesson = planted(np.where(short, [0.0, 3.0, 0.0], WEIGHTS))  # new users choose by text alone
    rows = importance(lesson, max_rows=300 * N_ITEMS)
    assert of(rows, "source")["text"]["n_users"] == 300
    for part, best in (("new_users", "text"), ("heavy_users", "collaborative")):
        shares = {name: row["value"] for name, row in of(rows, "source", part).items()}
        assert max(shares, key=shares.get) == best
        assert shares[best] > 0.3
        assert sum(shares.values()) - shares[best] < 0.15


def test_items_that_nobody_met_owe_their_order_to_what_orders_them_in_lists():
    drops = of(importance(planted(), unmet=~NONE), "permutation")
    assert drops["collaborative_score"]["value"] == drops["popularity_score"]["value"] == 0
    assert drops["text_score"]["low"] > 0


@pytest.mark.parametrize("chosen", ["trees", "blend"])
def test_trees_tell_the_same_truth_on_a_sample(chosen):
    rows = importance(planted(), RankerPlan(min_users_for_trees=200), chosen, max_rows_of_trees=200 * N_ITEMS)
    assert {row["n_users"] for row in rows if row["slice"] == "all"} == {200}
    assert top_names(rows, "permutation", 2) == top_names(rows, "shap", 2) == NAMES[:2]
    assert top_names(rows, "source") == ["collaborative", "text", "popularity"]


def test_the_same_seed_gives_the_same_rows(rows):
    assert importance(planted()) == rows
