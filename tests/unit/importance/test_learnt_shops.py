"""What sources learnt of simulated shops is shared out as the shops' users choose.

Sources that learn from choices carry whatever moves them: in the shop of prices, users of like purses buy alike, and so
`collaborative` and `item_item` know prices without seeing one. So each planted feature is held against the families
that describe items, and against the same family in the other shops; the whole order of weights is looked for in
`test_simulated_choices.py`, where every feature is known.
"""

import pytest
from importance.learnt_shop import importance

STRONG, WEAK = 2.0, 0.3
PLANTED = ("taste", "text", "price", "popularity", "recency")
OF_TASTE = ("collaborative", "item_item", "sequence")
"""What taste can be learnt by: no text names it."""


def shares(rows):
    """Return the Shapley values of sources by what was planted."""
    of_source = {name: row.value for (kind, name), row in rows.items() if kind == "source"}
    return {"taste": sum(of_source[name] for name in OF_TASTE)} | {name: of_source[name] for name in PLANTED[1:]}


def shop_of(strong):
    return importance(**{name: STRONG if name == strong else WEAK for name in PLANTED})


@pytest.mark.parametrize("planted", PLANTED)
def test_what_users_choose_by_comes_first_among_what_describes_items(planted):
    found = shares(shop_of(planted))
    described = {name: value for name, value in found.items() if name == planted or name != "taste"}
    assert max(described, key=described.get) == planted


@pytest.mark.parametrize("planted", PLANTED)
def test_no_shop_rests_on_a_family_as_much_as_the_one_whose_users_choose_by_it(planted):
    by_shop = {strong: shares(shop_of(strong))[planted] for strong in PLANTED}
    assert max(by_shop, key=by_shop.get) == planted
    others = [value for strong, value in by_shop.items() if strong != planted]
    assert by_shop[planted] > 1.1 * max(others)


def test_of_mixed_weights_the_strong_ones_stand_in_their_order():
    rows = importance()  # taste 1.5, text 1.2, price 0.9, popularity 0.6, recency 0.3
    found = shares(rows)
    assert found["taste"] > found["text"] > found["price"] > max(found["popularity"], found["recency"])
    for weak in ("popularity", "recency"):  # the learnt sources carry what little they move
        assert rows["source", weak].high < rows["source", "text"].low


def test_prices_that_nobody_minds_are_zero_within_the_interval_and_prices_that_all_mind_are_above():
    noise, minded = (
        importance(seed=4, price=0.0),
        importance(seed=4, **dict.fromkeys(PLANTED, WEAK) | {"price": STRONG}),
    )
    for kind, name in (("source", "price"), ("permutation", "price_distance"), ("permutation", "item_log_price")):
        assert noise[kind, name].low <= 0 <= noise[kind, name].high, name
        assert noise[kind, name].high - noise[kind, name].low < 0.03, name
    for kind, name in (("source", "price"), ("permutation", "price_distance")):
        assert minded[kind, name].low > 0, name
