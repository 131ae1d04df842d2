import numpy as np
import pytest

from nightrec.scoring.query_items import best_items, by_meaning, by_words

SHOWN = np.ones(4, np.bool_)
NOTHING = np.zeros((1, 4), np.float32)
SURE = np.ones((1, 4), np.bool_)


def row(*values):
    return np.array([values], np.float32)


def lists(meaning=NOTHING, words=NOTHING, turned=NOTHING, shown=SHOWN, known=SURE, sizes=(4, 4)):
    found, scores = best_items((meaning, known), words, turned, shown, sizes)
    kept = found[0] >= 0
    return found[0][kept].tolist(), scores[0][kept].tolist()


def test_meaning_is_the_cosine_without_what_items_share():
    items = np.array([[0.6, 0.8, 0], [0.6, -0.8, 0], [0, 0, 0]], np.float32)  # they share (0.6, 0, 0)
    queries = np.array([[0.6, 0.8, 0], [0.6, 0, 0.8], [0, 0, 0]], np.float32)
    cosines, known = by_meaning(queries, items)
    assert cosines == pytest.approx(np.array([[1, -1, 0], [0, 0, 0], [0, 0, 0]]), abs=1e-6)
    assert known.tolist() == [[True, True, False], [True, True, False], [False, False, False]]


def test_words_are_compared_in_english_and_chinese_whatever_their_case():
    texts = ["Copper PAN 12", "pan and lid", "花园铲 6", "Straße", ""]
    got = by_words(["copper pan", "铲", "strasse", "hat"], texts).toarray()
    assert got[0].argsort()[::-1][:2].tolist() == [0, 1]  # both words, then one
    assert (got > 0).tolist() == [
        [True, True, False, False, False],
        [False, False, True, False, False],
        [False, False, False, True, False],
        [False, False, False, False, False],
    ]


def test_lists_are_joined_by_z_scores():
    # z-scores of 1, 0, -1 are +-sqrt(3/2); of 0, 0, 1 they are -1/sqrt(2) and sqrt(2).
    known = np.array([[True, True, True, False]])
    places, scores = lists(row(1, 0, -1, 0), row(0, 0, 0.5, 0), known=known)
    assert places == [0, 2, 1]
    assert scores == pytest.approx([1.5**0.5 - 0.5**0.5, 2**0.5 - 1.5**0.5, -(0.5**0.5)], abs=1e-5)


def test_what_users_turned_to_moves_an_item_up():
    meaning = row(0.9, 0.8, 0.1, 0.0)
    assert lists(meaning)[0] == [0, 1, 2, 3]
    assert lists(meaning, turned=row(0, 0, 5, 0))[0][0] == 2


def test_only_candidates_are_listed_and_only_those_that_can_be_shown():
    assert lists(row(0.9, 0.8, 0.1, 0.0), sizes=(2, 4))[0] == [0, 1]
    assert lists(row(0.9, 0.8, 0.1, 0.0), shown=np.array([False, True, True, True]), sizes=(2, 4))[0] == [1, 2]
    assert lists(row(0.9, 0.8, 0.1, 0.0), sizes=(4, 1))[0] == [0]
    assert lists(words=row(0, 0.5, 0, 0), known=~SURE)[0] == [1]


def test_item_without_text_is_listed_when_users_turned_to_it():
    places, _ = lists(row(0.5, 0.4, 0, 0), turned=row(0, 0, 0, 3), known=np.array([[True, True, False, False]]))
    assert places == [3, 0, 1]


def test_query_that_nothing_is_known_of_has_no_list():
    assert lists(known=~SURE) == ([], [])
