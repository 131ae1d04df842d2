"""Draws that repeat, spread and come with their probability."""

import numpy as np
import pytest

from nightrec.scoring.exploration import chances, draw, explored_places


@pytest.mark.parametrize(
    ("top_n", "slots", "want"),
    [
        (20, 0, []),
        (20, 1, [12]),  # rank, the middle of 4 to 20
        (20, 2, [8, 16]),
        (10, 3, [5, 7, 9]),
        (6, 3, [4, 5, 6]),
        (4, 1, [4]),
    ],
)
def test_explored_places_spread_below_the_first_three(top_n, slots, want):
    assert (explored_places(top_n, slots, first=3) + 1).tolist() == want


def test_explored_places_are_as_many_as_asked_for_at_every_length():
    for top_n in range(4, 60):
        for slots in range(1, top_n - 2):
            places = explored_places(top_n, slots, first=3)
            assert len(set(places.tolist())) == slots
            assert places.min() >= 3
            assert places.max() < top_n


def test_chances_hang_on_user_and_night_alone():
    both = chances(["u1", "u2"], "shop/2026-01-31", 3)
    assert both.tolist() == chances(["u1", "u2"], "shop/2026-01-31", 3).tolist()
    assert both[1].tolist() == chances(["u2"], "shop/2026-01-31", 3)[0].tolist()
    other = [chances(["u1"], night, 3)[0] for night in ("shop/2026-02-01", "toys/2026-01-31")]
    assert len({*both[0], *both[1], *other[0], *other[1]}) == 12


def test_chances_are_the_same_on_every_machine():
    # First 8 bytes of SHAKE-128 of '["shop/2026-01-31", "u1"]', little endian, upper 53 bits.
    import hashlib

    word = int.from_bytes(hashlib.shake_128(b'["shop/2026-01-31", "u1"]').digest(8), "little")
    assert chances(["u1"], "shop/2026-01-31", 1).tolist() == [[(word >> 11) / 2**53]]


def test_chances_fill_the_unit_interval_evenly():
    drawn = chances([f"u{k}" for k in range(20_000)], "night", 2)
    assert (drawn.min(), drawn.max()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3))
    assert drawn.max() < 1
    share = np.histogram(drawn[:, 0], bins=10, range=(0, 1))[0] / len(drawn)
    assert share == pytest.approx(np.full(10, 0.1), abs=0.01)  # 5 standard errors
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0, abs=0.03)


def test_no_chances_are_asked_for_and_none_come():
    assert chances(["u1", "u2"], "night", 0).shape == (2, 0)


def test_draw_takes_the_nth_of_the_pool_with_equal_probability():
    pool = np.array([[False, True, True, False, True]] * 4)
    picks, propensity = draw(pool, np.array([0.0, 0.34, 0.67, 1 - 2**-53]))
    assert picks.tolist() == [1, 2, 4, 4]
    assert propensity.tolist() == pytest.approx([1 / 3] * 4)


def test_draw_from_an_empty_pool_is_nobody_and_from_one_item_certain():
    picks, propensity = draw(np.array([[False, False], [False, True]]), np.array([0.5, 0.5]))
    assert picks.tolist() == [-1, 1]
    assert propensity.tolist() == [1.0, 1.0]
