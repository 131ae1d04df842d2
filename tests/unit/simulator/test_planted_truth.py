"""What is planted is in the choices: weights, noise, stars, positions; found by methods of others."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import spearmanr
from simulator.small_shop import choice_sets, simulated

from nightrec.simulator.choices import NOTHING, nothing_else
from nightrec.simulator.days import Page, State, first_state, live, popular_page, stars
from nightrec.simulator.shop import FEATURES, Shop, Weights
from nightrec.simulator.world import Needs, draw_needs, features, make_world

RECENT_FIRST = {"recency": 1.5, "popularity": 1.2, "price": 0.9, "text": 0.6, "taste": 0.3}


def fit(described, is_met, chosen):
    """Fit a conditional logit; return weights and standard errors."""
    rows = np.arange(len(chosen))

    def loss(weights):
        utility = np.where(is_met, described @ weights, -np.inf)
        normal = logsumexp(utility, axis=1)
        expected = np.einsum("nc,ncf->nf", np.exp(utility - normal[:, None]), described)
        return np.sum(normal - utility[rows, chosen]), np.sum(expected - described[rows, chosen], axis=0)

    found = minimize(loss, np.zeros(described.shape[2]), jac=True, method="BFGS")
    return found.x, np.sqrt(np.diag(found.hess_inv))


@pytest.mark.parametrize("planted", [Weights(), Weights(**RECENT_FIRST)])
def test_a_conditional_logit_finds_the_planted_weights_and_nothing_in_noise(planted):
    world, days = simulated(weights=planted)
    weights, errors = fit(*choice_sets(world, days))
    found = dict(zip(FEATURES, weights, strict=True))
    known = planted.model_dump()

    assert sorted(known, key=found.get) == sorted(known, key=known.get)
    assert np.all(np.abs(weights - world.weights) < 3.5 * errors), found
    assert abs(found["noise"]) < 1.96 * errors[FEATURES.index("noise")]
    assert np.all(errors < 0.1)


def test_features_have_mean_0_and_variance_1():
    world, _ = simulated()
    rng = np.random.default_rng(5)
    users, items = rng.integers(0, 200, 20_000), rng.integers(0, 100, (20_000, 1))
    sample = features(world, users, draw_needs(world, users, rng), items, 15)

    assert sample.mean((0, 1)) == pytest.approx(np.zeros(6), abs=0.05)
    assert sample.std((0, 1)) == pytest.approx(np.ones(6), abs=0.05)


def test_text_counts_the_category_twice_as_much_as_an_aspect():
    world, _ = simulated()
    item = 7
    one, two, _ = world.items.aspects[item]
    lacking, category = world.items.lacking[item], world.items.category[item]
    needs = [
        (category, (one, two)),
        (category, (one, lacking)),
        (category + 1, (one, two)),
        (category + 1, (lacking,) * 2),
    ]
    looked_for = Needs(np.array([c for c, _ in needs]), np.array([a for _, a in needs]))

    text = features(world, np.zeros(4, int), looked_for, np.full((4, 1), item), 3)[:, 0, FEATURES.index("text")]

    mean, spread = world.scale[:, FEATURES.index("text")]
    assert text * spread + mean == pytest.approx([2.0, 1.5, 1.0, 0.0])


def test_some_visits_end_without_purchase_and_better_items_sell_more():
    world, days = simulated()
    bought = np.concatenate([day.choices.is_bought for day in days])
    total = np.concatenate([logsumexp(day.choices.utility, axis=1) for day in days]) - nothing_else(world)

    assert 0.2 < bought.mean() < 0.6
    assert bought.mean() == pytest.approx((1 / (1 + np.exp(-total))).mean(), abs=0.03)


def test_nobody_buys_an_item_twice_or_one_that_cannot_be_had():
    world, days = simulated()
    pairs = []
    for day in days:
        rows = day.choices.is_bought
        items = day.choices.chosen()[rows]
        assert np.all((world.items.arrives[items] <= day.day) & (day.day <= world.items.leaves[items]))
        assert np.all(world.users.joined[day.user] <= day.day)
        pairs += list(zip(day.user[rows].tolist(), items.tolist(), strict=True))

    assert len(pairs) > 500
    assert len(set(pairs)) == len(pairs)


def test_stars_follow_utility():
    world, days = simulated()
    utility = np.concatenate([day.choices.chosen_utility()[day.choices.is_bought] for day in days])
    given = stars(world, utility, np.random.default_rng(0))

    assert set(given) == {1, 2, 3, 4, 5}
    assert spearmanr(utility, given).statistic > 0.8


def test_reviews_are_of_bought_items_and_come_later():
    _, days = simulated()
    bought = {}
    n_reviews = 0
    for day in days:
        for user, item in zip(day.user.tolist(), day.reviewed.tolist(), strict=True):
            if item != NOTHING:
                assert bought[user] == item
                n_reviews += 1
        rows = day.choices.is_bought
        bought |= dict(zip(day.user[rows].tolist(), day.choices.chosen()[rows].tolist(), strict=True))

    assert n_reviews > 200


def test_clicks_fade_with_the_place_although_the_items_are_alike():
    world = make_world(Shop(users=4000, items=100, considered=20, visits=0.5))
    items = np.random.default_rng(1).permuted(np.tile(np.arange(100), (4000, 1)), axis=1)[:, :10]
    visits, _ = live(world, first_state(world), 60, Page(items, "run"))
    rate = visits.choices.clicked.mean(0)

    assert rate[:3].min() > rate[-3:].max()
    # Attention at place 10 is 10 ** -0.7 = 0.2 of that at place 1.
    assert rate[-1] / rate[0] == pytest.approx(0.2, abs=0.1)


def test_what_is_gone_is_not_clicked_where_old_lists_still_show_it():
    world, _ = simulated()
    gone = np.flatnonzero(~world.available(30))
    visits, _ = live(world, first_state(world), 30, Page(np.tile(gone[:5], (200, 1)), "old"))

    assert visits.shown.shape[1] == 5
    assert not visits.choices.clicked.any()


def test_what_is_shown_is_bought_more():
    world = make_world(Shop(users=2000, items=100, considered=10, visits=0.5))
    state = first_state(world)
    best = np.argsort(-world.items.fame)[:10]
    shown = [live(world, state, 60, Page(np.tile(items, (2000, 1)), "run"))[0] for items in (best, best[:0])]
    n_bought = [np.isin(visits.choices.chosen()[visits.choices.is_bought], best[:1]).sum() for visits in shown]

    first, choices = shown[0], shown[0].choices
    is_from_page = choices.is_bought & (choices.best[:, 0] < first.shown.shape[1])

    assert n_bought[0] > 3 * n_bought[1] > 0
    assert is_from_page.sum() > 100
    assert choices.clicked[is_from_page, choices.best[is_from_page, 0]].all()


def test_the_own_page_shows_what_was_bought_most_of_what_can_be_had():
    world, _ = simulated()
    gone, (first, second) = np.flatnonzero(~world.available(30))[0], np.flatnonzero(world.available(30))[5:7]
    keys = [user * 100 + item for item, n in ((gone, 9), (first, 8), (second, 7)) for user in range(n)]
    state = first_state(world)
    page = popular_page(world, State(state.needs, state.to_review, state.stars, np.sort(keys)), 30)

    assert page.list_run_id is None
    assert page.items[0, :2].tolist() == [first, second]
    assert page.items.shape == (200, 10)


def test_no_available_item_is_met_twice_in_a_visit():
    world, days = simulated()
    for row in days[-1].choices.met:
        met = row[row != NOTHING]
        assert len(np.unique(met)) == len(met) > 0
        assert np.all(world.available(days[-1].day)[met])
