"""Lists from ranked candidates, one rule at a time and together."""

from itertools import combinations, permutations

import numpy as np
import pytest

from nightrec.scoring import rules as module
from nightrec.scoring.exploration import chances
from nightrec.scoring.remaining import category_rows
from nightrec.scoring.rules import Ranked, Rules, falling, make_lists

NO_TEXT = np.zeros((40, 0), np.float32)


def ranked(scores, slots=0, users=None, night="n"):
    """Return candidates whose item_idx is their column; scores fall."""
    scores = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    items = np.where(np.isneginf(scores), -1, np.arange(scores.shape[1]))
    users = users or [f"u{k}" for k in range(len(scores))]
    return Ranked(items, scores, chances(users, night, slots))


def columns(candidates, top_n, text=NO_TEXT, **rules):
    return make_lists(candidates, text, top_n, Rules(**rules))[0].tolist()


def shop(n_users=50, n_items=40, seed=0):
    """Return candidates of random scores and texts in six bunches."""
    rng = np.random.default_rng(seed)
    bunches = rng.normal(size=(6, 8))
    text = bunches[np.arange(n_items) % 6] + rng.normal(0, 0.4, (n_items, 8))
    scores = -np.sort(-np.rint(rng.normal(size=(n_users, n_items)) * 1e5) / 1e5, axis=1)
    items = rng.permuted(np.tile(np.arange(n_items), (n_users, 1)), axis=1)
    unit = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
    return Ranked(items, scores, np.zeros((n_users, 0))), unit


def intra_list_similarity(candidates, listed, text):
    vectors = text[np.take_along_axis(candidates.items, listed, axis=1)]
    alike = vectors @ vectors.swapaxes(1, 2)
    n = listed.shape[1]
    return float((alike.sum(axis=(1, 2)) - n).mean() / (n * (n - 1)))


def test_without_rules_the_best_are_listed_in_order():
    candidates = ranked([[5, 4, 3, 2], [5, 4, -np.inf, -np.inf]])
    listed, propensity = make_lists(candidates, NO_TEXT, 3, Rules())
    assert listed.tolist() == [[0, 1, 2], [0, 1, -1]]
    assert propensity.tolist() == [[1.0] * 3] * 2


def test_without_rules_fewer_candidates_than_places_leave_the_end_empty():
    assert columns(ranked([[2, 1]]), top_n=4) == [[0, 1, -1, -1]]


FILMS = category_rows([(0, "film"), (1, "film"), (2, "film|war"), (3, "war"), (4, None), (5, "film")], n_items=40)


def test_cap_skips_what_a_category_has_no_room_for():
    # Films 0 and 1 fill the category, so 2 and 5 wait; 3 is the first war, 4 belongs to nothing.
    assert columns(ranked([[9, 8, 7, 6, 5, 4]]), top_n=4, categories=FILMS, max_per_category=2) == [[0, 1, 3, 4]]


def test_cap_counts_an_item_of_several_categories_in_each():
    got = columns(ranked([[-np.inf] * 6]), top_n=2, categories=FILMS, max_per_category=1)
    assert got == [[-1, -1]]
    two_first = Ranked(np.array([[2, 0, 3, 4]]), np.array([[4.0, 3, 2, 1]]), np.zeros((1, 0)))
    assert columns(two_first, top_n=2, categories=FILMS, max_per_category=1) == [[0, 3]]  # items 2 and 4


def test_lists_that_the_cap_leaves_short_are_filled_with_the_best_of_the_rest():
    got = columns(ranked([[9, 8, 7, 6, 5, 4]]), top_n=5, categories=FILMS, max_per_category=1)
    assert got == [[0, 3, 4, 1, 2]]


def test_cap_that_nothing_reaches_changes_nothing():
    candidates, text = shop()
    members = category_rows([(k, f"{k % 3}|all") for k in range(40)], n_items=40)
    plain = make_lists(candidates, text, 10, Rules())[0]
    assert make_lists(candidates, text, 10, Rules(members, 10))[0].tolist() == plain.tolist()
    capped = make_lists(candidates, text, 10, Rules(members[:, :1], 2))[0]
    assert capped.tolist() != plain.tolist()
    assert (np.take_along_axis(candidates.items, capped, axis=1) % 3 == 0).sum(axis=1).max() == 2


def test_equal_scores_keep_their_order_under_rules():
    candidates = ranked([[1.0] * 6])
    assert columns(candidates, top_n=3, categories=FILMS, max_per_category=3) == [[0, 1, 2]]
    alike = np.ones((40, 1), np.float32)
    assert columns(candidates, top_n=3, text=alike, diversity_weight=0.5) == [[0, 1, 2]]


def test_diversity_prefers_a_new_text_to_a_little_more_relevance():
    text = np.zeros((40, 2), np.float32)
    text[:4] = [[1, 0], [1, 0], [0, 1], [0, 0]]  # the second repeats the first, the last has no text
    candidates = ranked([[1.0, 0.9, 0.8, -2.0]])
    assert columns(candidates, top_n=3, text=text, diversity_weight=0.0) == [[0, 1, 2]]
    assert columns(candidates, top_n=3, text=text, diversity_weight=0.5) == [[0, 2, 3]]
    assert columns(candidates, top_n=3, text=text, diversity_weight=0.01) == [[0, 2, 1]]


def test_similarity_within_lists_falls_with_the_weight_and_relevance_pays():
    candidates, text = shop()
    similar, relevant = [], []
    for weight in (0.0, 0.1, 0.3, 0.6, 1.0):
        listed = make_lists(candidates, text, 6, Rules(diversity_weight=weight))[0]
        similar.append(intra_list_similarity(candidates, listed, text))
        relevant.append(float(np.take_along_axis(candidates.scores, listed, axis=1).mean()))
    assert similar == sorted(similar, reverse=True)
    assert relevant == sorted(relevant, reverse=True)
    assert similar[-1] < similar[0] / 2


def test_weight_zero_and_no_weight_are_the_same_list_bit_for_bit():
    candidates, text = shop()
    none = make_lists(candidates, text, 10, Rules())
    loop = make_lists(candidates, text, 10, Rules(category_rows([], 40), 1, diversity_weight=0.0))
    assert none[0].tolist() == loop[0].tolist() == [list(range(10))] * 50
    assert none[1].tobytes() == loop[1].tobytes()


def test_diversity_is_the_greedy_search_over_determinants():
    candidates, text = shop(n_users=4, n_items=12)
    weight, n = 0.4, 3
    listed = make_lists(candidates, text, n, Rules(diversity_weight=weight))[0]
    for scores, items, got in zip(candidates.scores, candidates.items, listed.tolist(), strict=True):
        relevance, chosen = (scores - scores.mean()) / scores.std(), []
        for _ in range(n):
            worth = {}
            for column in set(range(len(items))) - set(chosen):
                vectors = text[items[[*chosen, column]]].astype(np.float64)
                spread = np.linalg.slogdet(vectors @ vectors.T)[1]
                worth[column] = (1 - weight) * relevance[[*chosen, column]].sum() + weight * spread
            chosen.append(max(worth, key=worth.get))
        assert got == chosen


def test_only_the_best_candidates_compete_by_their_texts():
    text = np.zeros((40, 2), np.float32)
    text[:, 0] = 1
    text[[4, 8]] = [0, 1]  # lists of two consider the best eight, so column 8 comes too late
    candidates = ranked([np.linspace(1, 0, 12)])
    assert columns(candidates, top_n=2, text=text, diversity_weight=0.9) == [[0, 4]]
    text[4] = [1, 0]
    assert columns(candidates, top_n=2, text=text, diversity_weight=0.9) == [[0, 1]]


def test_cap_reaches_beyond_the_candidates_whose_texts_are_compared():
    text = np.eye(40, dtype=np.float32)
    members = category_rows([(k, "film") for k in range(10)], n_items=40)
    candidates = ranked([np.linspace(1, 0, 12)])
    got = columns(candidates, top_n=2, text=text, categories=members, max_per_category=1, diversity_weight=0.5)
    assert got == [[0, 10]]


def test_splitting_a_block_does_not_change_the_lists(monkeypatch):
    candidates, text = shop()
    members = category_rows([(k, str(k % 4)) for k in range(40)], n_items=40)
    rules = Rules(members, 2, 0.4, 2, 9, "n")
    candidates = Ranked(candidates.items, candidates.scores, chances([f"u{k}" for k in range(50)], "n", 2))
    whole = make_lists(candidates, text, 8, rules)
    monkeypatch.setattr(module, "MAX_CELLS", 32 * 16 * 3)  # three users at once
    parts = make_lists(candidates, text, 8, rules)
    assert whole[0].tolist() == parts[0].tolist()
    assert whole[1].tolist() == parts[1].tolist()


def test_explored_places_hold_items_of_the_pool_and_all_others_stay():
    candidates = ranked(np.tile(np.linspace(1, 0, 30), (200, 1)), slots=2)
    listed, propensity = make_lists(candidates, NO_TEXT, 10, Rules(explore_slots=2, explore_pool=5))
    explored = [4, 8]  # places from 0: ranks 5 and 9 of 10
    settled = [0, 1, 2, 3, 5, 6, 7, 9]
    assert listed[:, settled].tolist() == [list(range(8))] * 200
    assert set(listed[:, explored].ravel().tolist()) == {8, 9, 10, 11, 12}
    assert all(len(set(row)) == 10 for row in listed.tolist())
    # The second draw is from the four that the first one left.
    assert propensity[0].tolist() == [1, 1, 1, 1, 1 / 5, 1, 1, 1, 1 / 4, 1]
    assert (propensity == propensity[0]).all()


def test_propensities_are_how_often_lists_come_up():
    n = 12_000
    candidates = ranked(np.tile(np.linspace(1, 0, 8), (n, 1)), slots=2)
    listed, propensity = make_lists(candidates, NO_TEXT, 5, Rules(explore_slots=2, explore_pool=3))
    pairs = [tuple(pair) for pair in listed[:, [3, 4]].tolist()]  # explored: ranks 4 and 5
    wanted = set(permutations([3, 4, 5], 2))
    assert set(pairs) == wanted
    for pair in wanted:
        assert pairs.count(pair) / n == pytest.approx(1 / 3 * 1 / 2, abs=0.015)
    assert np.prod(propensity, axis=1) == pytest.approx(np.full(n, 1 / 6))


def test_repeating_a_night_gives_the_same_draws_and_another_night_others():
    scores = np.tile(np.linspace(1, 0, 30), (50, 1))
    rules = {"explore_slots": 2, "explore_pool": 15}
    first = columns(ranked(scores, slots=2), top_n=10, **rules)
    assert first == columns(ranked(scores, slots=2), top_n=10, **rules)
    assert first != columns(ranked(scores, slots=2, night="m"), top_n=10, **rules)
    backwards = columns(ranked(scores, 2, [f"u{k}" for k in reversed(range(50))]), top_n=10, **rules)
    assert first == backwards[::-1]


def test_draws_keep_to_the_cap_and_say_how_many_were_left():
    members = category_rows([(k, "film" if k < 6 else None) for k in range(40)], n_items=40)
    candidates = ranked(np.tile(np.linspace(1, 0, 8), (60, 1)), slots=1)
    rules = Rules(members, 3, explore_slots=1, explore_pool=5)
    listed, propensity = make_lists(candidates, NO_TEXT, 4, rules)
    assert listed[:, :3].tolist() == [[0, 1, 2]] * 60
    # Three more films come before 6 and 7, but have no room.
    assert set(listed[:, 3].tolist()) == {6, 7}
    assert set(propensity[:, 3].tolist()) == {0.5}


def test_draws_go_on_among_the_rest_where_too_few_keep_to_the_cap():
    members = category_rows([(k, "B" if k in (5, 6, 7, 20) else "A") for k in range(40)], n_items=40)
    candidates = ranked(np.tile(np.linspace(1, 0, 30), (60, 1)), slots=2)
    listed, propensity = make_lists(candidates, NO_TEXT, 10, Rules(members, 5, explore_slots=2, explore_pool=4))
    # Eight settled places leave room for B alone, of which only one is left; then the best four of the A may come.
    assert listed[:, 4].tolist() == [20] * 60
    assert set(listed[:, 8].tolist()) == {8, 9, 10, 11}
    assert set(propensity[:, 8].tolist()) == {0.25}


def test_draws_keep_to_the_cap_beyond_a_pool_that_has_become_full():
    members = category_rows([(k, "B" if k in (3, 4) else "A" if k < 3 else None) for k in range(40)], n_items=40)
    candidates = ranked(np.tile(np.linspace(1, 0, 12), (60, 1)), slots=2)
    listed, _ = make_lists(candidates, NO_TEXT, 5, Rules(members, 1, explore_slots=2, explore_pool=1))
    assert np.sort(listed, axis=1).tolist() == [[0, 3, 5, 6, 7]] * 60


def test_too_few_candidates_leave_explored_places_out_without_a_gap():
    scores = np.full((3, 8), -np.inf)
    for row, n in enumerate((3, 4, 5)):
        scores[row, :n] = np.arange(n, 0, -1)
    listed, propensity = make_lists(ranked(scores, slots=2), NO_TEXT, 6, Rules(explore_slots=2, explore_pool=4))
    # Ranks 4 and 6 are explored; four settled places come first.
    assert listed.tolist() == [[0, 1, 2, -1, -1, -1], [0, 1, 2, 3, -1, -1], [0, 1, 2, 4, 3, -1]]
    assert (propensity == 1).all()  # a draw from one item is no draw


def test_scores_fall_and_only_items_above_better_ones_are_raised():
    scores = np.array([[5.0, 1.0, 3.0, 2.0], [4.0, 3.0, 2.0, -np.inf]])
    assert falling(scores).tolist() == [[5.0, 3.0, 3.0, 2.0], [4.0, 3.0, 2.0, -np.inf]]


def test_all_rules_together_list_each_item_once():
    candidates, text = shop()
    candidates = Ranked(candidates.items, candidates.scores, chances([f"u{k}" for k in range(50)], "n", 3))
    members = category_rows([(k, str(k % 5)) for k in range(40)], n_items=40)
    listed, propensity = make_lists(candidates, text, 9, Rules(members, 2, 0.5, 3, 12, "n"))
    items = np.take_along_axis(candidates.items, listed, axis=1)
    assert all(a != b for row in items.tolist() for a, b in combinations(row, 2))
    assert max(np.bincount(row % 5).max() for row in items) == 2
    assert ((propensity < 1).sum(axis=1) == 3).all()
