import numpy as np
from small_night import DAY, N_EACH, N_ITEMS, N_USERS, write, write_night

from nightrec.histories import read_matrix, read_vectors


def test_read_matrix_orders_each_users_items_by_time_and_marks_what_is_held_out(tiny_lake):
    write_night(tiny_lake)
    matrix = read_matrix(tiny_lake, DAY)
    rows = matrix.histories
    assert rows.shape == (N_USERS, N_ITEMS)
    assert (np.diff(rows.user_idx) >= 0).all()
    same = rows.user_idx[:-1] == rows.user_idx[1:]
    assert (np.diff(rows.last_at)[same] > 0).all()
    assert matrix.held.reshape(N_USERS, N_EACH).tolist() == [[False] * (N_EACH - 1) + [True]] * N_USERS
    assert rows.starts.tolist() == list(range(0, N_USERS * N_EACH + 1, N_EACH))


def test_held_goals_are_what_users_with_a_past_turned_to_next(tiny_lake):
    write_night(tiny_lake)
    matrix = read_matrix(tiny_lake, DAY)
    goals = matrix.held_goals()
    assert [user for user, _ in goals] == list(range(N_USERS))
    assert [items.tolist() for _, items in goals] == [[item] for item in matrix.histories.item_idx[matrix.held]]
    assert not np.isin(matrix.histories.keys()[matrix.held], matrix.fold("cut").keys()).any()


def test_read_vectors_follows_the_keys_and_leaves_unknown_ones_zero(tiny_lake):
    write_night(tiny_lake)
    rows = [("cut", "i1", [1.0, 2.0]), ("all", "i1", [3.0, 4.0]), ("all", "i0", [5.0, 6.0])]
    write(tiny_lake, "item_factors", [{"fold": f, "item_id": i, "vector": v} for f, i, v in rows])
    ids = read_matrix(tiny_lake, DAY).item_ids
    assert read_vectors(tiny_lake, "item_factors", DAY, ids, "all")[:3].tolist() == [[5, 6], [3, 4], [0, 0]]
    assert read_vectors(tiny_lake, "item_factors", DAY, ids, "cut")[:2].tolist() == [[0, 0], [1, 2]]
