"""Caps on categories, one place at a time."""

import numpy as np

from nightrec.scoring.remaining import Remaining, category_rows

FILM, WAR = 0, 1
MEMBERS = category_rows([(0, "film"), (1, "film|war"), (2, "war"), (3, None)], n_items=5)  # item 4 is no catalogue item


def test_categories_are_split_at_bars_and_each_counts_once():
    rows = category_rows([(2, "film| war |film"), (0, " war"), (1, None), (3, "|")], n_items=5)
    assert rows.toarray().tolist() == [[0, 1], [0, 0], [1, 1], [0, 0], [0, 0]]


def test_no_categories_at_all_make_no_columns():
    assert category_rows([(0, None)], n_items=3).shape == (3, 0)


def everything(remaining):
    return remaining.open(np.ones_like(remaining.left))


def test_a_full_category_closes_all_its_items_for_that_user_alone():
    items = np.array([[0, 1, 2, 3], [0, 1, 2, 3]])
    remaining = Remaining(items, MEMBERS, cap=1)
    remaining.take(np.array([0, 2]))  # a film for the first, a war for the second
    assert everything(remaining).tolist() == [[False, False, True, True], [True, False, False, True]]


def test_two_of_a_category_fit_under_a_cap_of_two():
    remaining = Remaining(np.array([[0, 1, 2, 4]]), MEMBERS, cap=2)
    remaining.take(np.array([0]))
    assert everything(remaining).tolist() == [[False, True, True, True]]
    remaining.take(np.array([1]))  # film is full, war holds one
    assert everything(remaining).tolist() == [[False, False, True, True]]


def test_where_all_that_is_left_is_over_the_cap_all_of_it_opens():
    remaining = Remaining(np.array([[0, 1, -1]]), MEMBERS, cap=1)
    remaining.take(np.array([0]))
    assert everything(remaining).tolist() == [[False, True, False]]


def test_where_nothing_keeps_to_the_cap_the_least_full_categories_open():
    shop = category_rows([(k, "lamp" if k < 4 else "drone") for k in range(6)], n_items=6)
    remaining = Remaining(np.array([[0, 1, 2, 3, 4, 5]]), shop, cap=1)
    listed = []
    for _ in range(6):
        listed.append(int(everything(remaining)[0].argmax()))
        remaining.take(np.array([listed[-1]]))
    assert listed == [0, 4, 1, 5, 2, 3]  # two of each before a third lamp


def test_the_pool_bounds_what_is_open_and_what_counts_as_left():
    remaining = Remaining(np.array([[0, 1, 2]]), MEMBERS, cap=1)
    remaining.take(np.array([0]))
    assert remaining.open(np.array([[True, True, False]])).tolist() == [[False, True, False]]


def test_nobody_takes_nothing_and_padding_is_never_open():
    remaining = Remaining(np.array([[0, -1], [-1, -1]]), MEMBERS, cap=1)
    remaining.take(np.array([-1, -1]))
    assert everything(remaining).tolist() == [[True, False], [False, False]]


def test_without_categories_there_is_no_cap():
    remaining = Remaining(np.array([[0, 1]]), None, cap=0)
    remaining.take(np.array([0]))
    assert everything(remaining).tolist() == [[False, True]]
