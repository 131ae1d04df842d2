import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from nightrec.benchmark.lists import LENGTH, as_table, best_of, read_lists, top_items, write_lists

ALL = np.full(6, True)
NOTHING = sp.csr_matrix((1, 6), dtype=np.float32)


def top(scores, seen=NOTHING, may_list=ALL):
    return [item for item in top_items(np.array([scores], np.float32), seen, may_list)[0].tolist() if item >= 0]


def test_lists_are_ordered_by_score_and_then_by_item():
    assert top([1, 3, 2, 3, 1, 0]) == [1, 3, 2, 0, 4, 5]


def test_lists_leave_out_what_was_seen_and_what_may_not_be_listed():
    seen = sp.csr_matrix(np.array([[0, 1, 0, 0, 0, 0]], np.float32))
    assert top([1, 3, 2, 3, 1, 0], seen, ALL & (np.arange(6) != 3)) == [2, 0, 4, 5]


def test_of_many_equal_items_the_first_are_listed():
    scores = np.zeros((1, 100), np.float32)
    scores[0, 99] = 1
    got = top_items(scores, sp.csr_matrix((1, 100), dtype=np.float32), np.full(100, True))
    assert got[0].tolist() == [99, *range(LENGTH - 1)]


def test_candidates_are_ordered_and_padding_stays_last():
    got = best_of(np.array([[4, 7, 9, -1]]), np.array([[0.5, 0.9, 0.5, 5.0]]))
    assert got[0, :4].tolist() == [7, 4, 9, -1]
    assert got.shape == (1, LENGTH)


def test_lists_come_back_from_their_file_in_the_asked_order(tmp_path):
    users, items = pa.array(["a", "b"]), pa.array(["x", "y", "z"])
    lists = np.full((2, LENGTH), -1)
    lists[0, :2], lists[1, :1] = [2, 0], [1]
    write_lists(tmp_path / "some/lists.parquet", as_table(users, items, lists))
    got = read_lists(tmp_path / "some/lists.parquet", pa.array(["b", "stranger", "a"]), items)
    assert got[:, :2].tolist() == [[1, -1], [-1, -1], [2, 0]]


@pytest.mark.parametrize("n_items", [1, LENGTH, LENGTH + 1])
def test_catalogue_may_be_shorter_than_a_list(n_items):
    got = top_items(
        np.ones((2, n_items), np.float32), sp.csr_matrix((2, n_items), dtype=np.float32), np.full(n_items, True)
    )
    assert got.shape == (2, LENGTH)
    assert (got >= 0).sum(axis=1).tolist() == [min(n_items, LENGTH)] * 2
