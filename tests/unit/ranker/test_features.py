import numpy as np

from nightrec.ranker.features import feature_names, features, ranks, standardised


def test_z_scores_by_row_and_flat_rows_are_zero():
    z = standardised(np.array([[1, 3], [5, 5]], dtype=np.float32))
    np.testing.assert_allclose(z, [[-1, 1], [0, 0]])


def test_ranks_ignore_padding_and_share_ties():
    found = ranks(np.array([[5, 1, 5, 9]], dtype=np.float32), np.array([[0, 1, 2, -1]]))
    np.testing.assert_array_equal(found[0, :3], [0.5, 2, 0.5])


def test_columns_match_their_names():
    block = np.array([[0, 2, 4]], dtype=np.float32)
    names = feature_names(["text"], ["item_users_30d"])
    found = features({"text": block}, np.array([[1, 2, -1]]), np.array([[7], [8], [9]], np.float32), np.array([3]))
    by_name = dict(zip(names, np.moveaxis(found[0], 1, 0), strict=True))
    np.testing.assert_allclose(by_name["text_score"], [0, 2 / (8 / 3) ** 0.5, 0], rtol=1e-6)
    np.testing.assert_allclose(by_name["text_rank"], [-np.log(2), 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(by_name["item_users_30d"], [8, 9, 0])
    np.testing.assert_allclose(by_name["user_history_length"], [np.log(4), np.log(4), 0], rtol=1e-6)
