import numpy as np
import scipy.sparse as sp

from nightrec.ranker.candidates import known_items, union_of_best

A = np.array([[9, 8, 1, 0], [0, 1, 2, 3]], dtype=np.float32)
B = np.array([[0, 8, 9, 1], [0, 1, 2, 3]], dtype=np.float32)


def test_union_without_repeats_ascending_and_padded():
    found = union_of_best({"a": A, "b": B}, sp.csr_matrix((2, 4)), 2)
    np.testing.assert_array_equal(found, [[0, 1, 2], [2, 3, -1]])


def test_seen_items_are_never_candidates_even_when_few_are_left():
    seen = sp.csr_matrix(np.array([[1, 1, 1, 0], [1, 1, 1, 1]]))
    found = union_of_best({"a": A}, seen, 3)
    np.testing.assert_array_equal(found, [[3], [-1]])


def test_asking_for_more_than_there_is_gives_all():
    np.testing.assert_array_equal(union_of_best({"a": A}, sp.csr_matrix((2, 4)), 99)[0], [0, 1, 2, 3])


def test_source_that_cannot_tell_items_apart_proposes_none_unless_none_can():
    silent = np.zeros((2, 4), np.float32)
    of_one_user = np.array([[0, 0, 0, 7], [0, 0, 0, 0]], np.float32)

    found = union_of_best({"silent": silent, "of_one_user": of_one_user}, sp.csr_matrix((2, 4)), 2)

    assert found[0][found[0] >= 0].tolist()[-1] == 3
    assert (found[0] >= 0).sum() == 2  # of the source that knows the user, and none of the other
    assert (found[1] >= 0).sum() == 2  # nobody knows the second user, who gets candidates all the same


def test_what_users_have_had_is_proposed_where_it_may_be_listed_again():
    had = sp.csr_matrix(np.array([[0, 0, 5, 0], [0, 2, 0, 0]], np.float32))
    proposed = known_items(had, sp.csr_matrix((2, 4)))
    np.testing.assert_array_equal(union_of_best(proposed, sp.csr_matrix((2, 4)), 3), [[2], [1]])
    seen = sp.csr_matrix(np.array([[0, 0, 1, 0], [0, 0, 0, 0]]))
    np.testing.assert_array_equal(union_of_best(known_items(had, seen), seen, 3), [[-1], [1]])
    assert known_items(had, had) == {}
