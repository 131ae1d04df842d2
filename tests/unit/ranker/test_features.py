from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.ranker.features import feature_names, features, ranks, standardised
from nightrec.ranker.sides import ITEM_NAMES, price_distance

LOG_PRICE = ITEM_NAMES.index("item_log_price")


def test_z_scores_by_row_and_flat_rows_are_zero():
    z = standardised(np.array([[1, 3], [5, 5]], dtype=np.float32))
    np.testing.assert_allclose(z, [[-1, 1], [0, 0]])


def test_ranks_ignore_padding_and_share_ties():
    found = ranks(np.array([[5, 1, 5, 9]], dtype=np.float32), np.array([[0, 1, 2, -1]]))
    np.testing.assert_array_equal(found[0, :3], [0.5, 2, 0.5])


def test_columns_match_their_names():
    block = np.array([[0, 2, 4]], dtype=np.float32)
    described = np.zeros((3, len(ITEM_NAMES)), np.float32)
    described[:, 0], described[:, LOG_PRICE] = [7, 8, 9], [1.0, -0.5, 2.0]
    weight, recent = (sp.csr_matrix(np.array([[had, 0, 0]], np.float32)) for had in (5, 2))
    users = SimpleNamespace(length=np.array([3]), weight=weight, recent=recent)
    items = SimpleNamespace(described=described)
    names = feature_names(["text"])
    found = features({"text": block}, np.array([[1, 2, -1]]), users, items)
    by_name = dict(zip(names, np.moveaxis(found[0], 1, 0), strict=True))
    np.testing.assert_allclose(by_name["text_score"], [0, 2 / (8 / 3) ** 0.5, 0], rtol=1e-6)
    np.testing.assert_allclose(by_name["text_rank"], [-np.log(2), 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(by_name["item_users_30d"], [8, 9, 0])
    np.testing.assert_allclose(by_name["user_history_length"], [np.log(4), np.log(4), 0], rtol=1e-6)
    np.testing.assert_array_equal(by_name["item_log_price"], [-0.5, 2.0, 0])
    np.testing.assert_array_equal(by_name["price_distance"], [1.5, 1.0, 0])
    assert not by_name["repeat_weight"].any()
    assert not by_name["repeat_recent_weight"].any()
    again = features({"text": block}, np.array([[1, 0, -1]]), users, items)[0]
    np.testing.assert_allclose(again[:, names.index("repeat_weight")], [0, np.log(6), 0], rtol=1e-6)
    np.testing.assert_allclose(again[:, names.index("repeat_recent_weight")], [0, np.log(3), 0], rtol=1e-6)


def test_what_a_user_takes_is_the_weighted_mean_of_the_history_and_without_one_no_price_is_far():
    described = np.zeros((3, len(ITEM_NAMES)), np.float32)
    described[:, LOG_PRICE] = [1.0, 3.0, -1.0]
    recent = sp.csr_matrix(np.array([[3, 1, 0], [0, 0, 0]], np.float32))  # the first takes (3 * 1 + 1 * 3) / 4 = 1.5
    users, items = SimpleNamespace(recent=recent), SimpleNamespace(described=described)
    found = price_distance(users, items, np.array([[0], [1]]), np.array([[0, 1, 2], [0, 1, 2]]))
    assert found.tolist() == [[0.5, 1.5, 2.5], [0, 0, 0]]
    pairs = price_distance(users, items, np.array([0, 1, 0]), np.array([2, 2, 1]))
    assert pairs == pytest.approx([2.5, 0, 1.5])
