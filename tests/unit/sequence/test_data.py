import numpy as np

from nightrec.sequence.data import batches, make_sequences, pad, windows


def history(n_users=3, n=7):
    users = np.repeat(np.arange(n_users), n)
    return make_sequences(
        users,
        np.tile(np.arange(n), n_users),
        np.tile(np.arange(n) * 1.0, n_users),
        np.ones(len(users), np.float32),
        n_users,
    )


def test_ties_in_time_are_ordered_by_item():
    rows = make_sequences(
        np.array([1, 0, 0]), np.array([9, 5, 3]), np.array([0.0, 1, 1]), np.array([1, 2, 3], np.float32), 3
    )
    np.testing.assert_array_equal(rows.items, [3, 5, 9])
    np.testing.assert_array_equal(rows.weights, [3, 2, 1])
    np.testing.assert_array_equal(rows.starts, [0, 2, 3, 3])


def test_windows_overlap_by_one_so_that_every_item_but_the_first_is_a_target():
    spans = windows(history(n_users=1), 3)
    np.testing.assert_array_equal(spans, [[3, 7], [0, 4]])


def test_lonely_items_teach_nothing():
    assert windows(history(n=1), 3).shape == (0, 2)


def test_padding_is_on_the_right():
    items, weights = pad(history(), np.array([[0, 2], [7, 10]]))
    np.testing.assert_array_equal(items, [[0, 1, -1], [0, 1, 2]])
    np.testing.assert_array_equal(weights, [[1, 1, 0], [1, 1, 1]])


def test_batches_hold_each_span_once_within_the_budget_and_repeat_by_seed():
    rows = history(n_users=20)
    spans = windows(rows, 4)
    found = [items for items, _ in batches(rows, spans, 20, seed=3)]
    assert sum(len(items) for items in found) == len(spans)
    assert all(items.numel() <= 20 for items in found)
    assert all((a == b).all() for a, (b, _) in zip(found, batches(rows, spans, 20, seed=3), strict=True))
