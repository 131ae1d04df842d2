import numpy as np

from nightrec.ranker.popularity import SECONDS_PER_DAY, faded_counts, item_ages, window_counts

ITEMS = np.array([0, 0, 1, 1])
AT = np.array([0.0, 9.0, 8.0, 11.0]) * SECONDS_PER_DAY
NOW = 10 * SECONDS_PER_DAY


def test_windows_end_now_and_skip_the_future():
    np.testing.assert_array_equal(window_counts(ITEMS, AT, 3, NOW, [1.5, 100]), [[1, 2], [0, 1], [0, 0]])


def test_ages_are_days_since_the_item_could_be_had_or_was_first_taken_and_since_it_was_last_taken():
    unknown = np.full(3, np.inf)
    np.testing.assert_array_equal(item_ages(ITEMS, AT, AT, unknown, NOW), [[10, 1], [2, 0], [-1, -1]])
    since = np.array([3.0, -5.0, 4.0]) * SECONDS_PER_DAY  # taken before it could be had; had before; never taken
    np.testing.assert_array_equal(item_ages(ITEMS, AT, AT, since, NOW), [[10, 1], [15, 0], [6, 6]])


def test_what_becomes_available_later_is_new():
    np.testing.assert_array_equal(item_ages(ITEMS[:0], AT[:0], AT[:0], np.array([NOW + 9.0]), NOW), [[0, 0]])


def test_faded_counts_halve_at_the_half_life():
    np.testing.assert_allclose(faded_counts(np.array([0, 0]), AT[:1].repeat(2), 2, NOW, 10.0), [1.0, 0.0])
