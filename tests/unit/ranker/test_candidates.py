from types import SimpleNamespace

import numpy as np
import scipy.sparse as sp

from nightrec.ranker.candidates import candidates_of

A = np.array([[9, 8, 1, 0], [0, 1, 2, 3]], dtype=np.float32)
B = np.array([[0, 8, 9, 1], [0, 1, 2, 3]], dtype=np.float32)
NOTHING = sp.csr_matrix((2, 4))
NEW = SimpleNamespace(weight=NOTHING, recent=NOTHING)


def users(weight, recent=None):
    weight, recent = (
        sp.csr_matrix(np.array(had, np.float32)) for had in (weight, weight if recent is None else recent)
    )
    return SimpleNamespace(weight=weight, recent=recent)


def test_union_without_repeats_ascending_and_padded():
    found = candidates_of({"a": A, "b": B}, NEW, NOTHING, 2)
    np.testing.assert_array_equal(found, [[0, 1, 2], [2, 3, -1]])


def test_seen_items_are_never_candidates_even_when_few_are_left():
    seen = sp.csr_matrix(np.array([[1, 1, 1, 0], [1, 1, 1, 1]]))
    found = candidates_of({"a": A}, NEW, seen, 3)
    np.testing.assert_array_equal(found, [[3], [-1]])


def test_asking_for_more_than_there_is_gives_all():
    np.testing.assert_array_equal(candidates_of({"a": A}, NEW, NOTHING, 99)[0], [0, 1, 2, 3])


def test_source_that_cannot_tell_items_apart_proposes_none_unless_none_can():
    silent = np.zeros((2, 4), np.float32)
    of_one_user = np.array([[0, 0, 0, 7], [0, 0, 0, 0]], np.float32)

    found = candidates_of({"silent": silent, "of_one_user": of_one_user}, NEW, NOTHING, 2)

    assert found[0][found[0] >= 0].tolist()[-1] == 3
    assert (found[0] >= 0).sum() == 2  # of the source that knows the user, and none of the other
    assert (found[1] >= 0).sum() == 2  # nobody knows the second user, who gets candidates all the same


def test_items_that_cannot_be_shown_are_no_candidates():
    found = candidates_of(
        {"a": A}, users([[0, 0, 5, 0], [0, 2, 0, 0]]), NOTHING, 4, np.array([True, False, False, True])
    )
    np.testing.assert_array_equal(found, [[0, 3], [0, 3]])


def test_what_users_have_had_is_proposed_where_it_may_be_listed_again():
    had = users([[0, 0, 5, 0], [0, 2, 0, 0]])
    silent = {"silent": np.zeros((2, 4), np.float32)}
    np.testing.assert_array_equal(candidates_of(silent, had, NOTHING, 1), [[0, 2], [0, 1]])
    seen = sp.csr_matrix(np.array([[0, 0, 1, 0], [0, 0, 0, 0]]))
    np.testing.assert_array_equal(candidates_of({"a": A}, had, seen, 1), [[0, -1], [1, 3]])
    np.testing.assert_array_equal(candidates_of({"a": A}, had, had.weight, 1), [[0], [3]])


def test_of_equal_weights_the_last_had_are_proposed():
    had = users([[2, 2, 2, 0], [2, 2, 3, 0]], recent=[[0.1, 0.2, 2, 0], [2, 0.2, 0.1, 0]])
    np.testing.assert_array_equal(candidates_of({"a": A}, had, NOTHING, 1), [[0, 2, -1], [0, 2, 3]])
