from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
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


def test_a_goal_reached_before_and_only_looked_at_since_is_no_held_out_goal(tiny_lake):
    write_night(tiny_lake)
    rows = tiny_lake.read_arrow("interactions", DAY).to_pylist()
    rows[4 * N_EACH - 1]["last_goal_at"] -= timedelta(hours=1)  # of the fourth user's newest item
    write(tiny_lake, "interactions", rows)
    matrix = read_matrix(tiny_lake, DAY)
    assert [user for user, _ in matrix.held_goals()] == [user for user in range(N_USERS) if user != 3]
    assert matrix.held.sum() == N_USERS


def test_what_was_known_of_a_held_out_pair_before_is_in_the_cut(tiny_lake):
    write_night(tiny_lake)
    held = tiny_lake.read_arrow("held_out", DAY).to_pylist()
    first = datetime(2025, 12, 31, tzinfo=UTC)
    held[3] |= {"weight": 0.5, "last_at": first, "last_goal_at": first}
    held[4] |= {"weight": 0.5, "last_at": first}
    write(tiny_lake, "held_out", held)
    matrix = read_matrix(tiny_lake, DAY)
    cut = matrix.fold("cut")
    assert len(cut.user_idx) == N_USERS * (N_EACH - 1) + 2
    oldest = cut.starts[[3, 4]]
    assert matrix.item_ids.take(pa.array(cut.item_idx[oldest])).to_pylist() == [held[3]["item_id"], held[4]["item_id"]]
    assert cut.weight[oldest].tolist() == [0.5, 0.5]
    assert cut.has_goal[oldest].tolist() == [True, False]


def test_read_vectors_follows_the_keys_and_leaves_unknown_ones_zero(tiny_lake):
    write_night(tiny_lake)
    rows = [("cut", "i1", [1.0, 2.0]), ("all", "i1", [3.0, 4.0]), ("all", "i0", [5.0, 6.0])]
    write(tiny_lake, "item_factors", [{"fold": f, "item_id": i, "vector": v} for f, i, v in rows])
    ids = read_matrix(tiny_lake, DAY).item_ids
    assert read_vectors(tiny_lake, "item_factors", DAY, ids, "all")[:3].tolist() == [[5, 6], [3, 4], [0, 0]]
    assert read_vectors(tiny_lake, "item_factors", DAY, ids, "cut")[:2].tolist() == [[0, 0], [1, 2]]


def test_a_goal_with_an_item_that_was_known_counts_only_where_lists_show_it_again(tiny_lake):
    write_night(tiny_lake)
    rows = tiny_lake.read_arrow("interactions", DAY).to_pylist()
    for user, days in (
        (3, 1),
        (4, 1),
        (5, 0),
    ):  # of their held-out pairs; that of 5 was first met on the day of the cut
        row = rows[(user + 1) * N_EACH - 1]
        row["first_at"] = row["first_at"].replace(hour=0) - timedelta(days=days)
    write(tiny_lake, "interactions", rows)
    held = tiny_lake.read_arrow("held_out", DAY).to_pylist()
    held[4] |= {
        "weight": 0.5,
        "first_at": datetime(2025, 12, 31, tzinfo=UTC),
        "last_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    write(tiny_lake, "held_out", held)

    matrix = read_matrix(tiny_lake, DAY)

    assert [user for user, _ in matrix.held_goals()] == [user for user in range(N_USERS) if user != 3]
    discovered = [user for user, _ in matrix.held_goals(matrix.discovered)]
    assert discovered == [user for user in range(N_USERS) if user not in (3, 4)]
