import pytest

from nightrec.stopping import has_stalled


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], False),
        ([0.1, 0.05], False),  # two passes cannot be three worse ones
        ([0.1, 0.09, 0.08, 0.07], True),
        ([0.1, 0.1003, 0.1002, 0.1004], True),  # better, but by less than the least gain
        ([0.1, 0.1004, 0.1003, 0.1006], False),  # small gains count together
        ([0.1, 0.2, 0.1, 0.1], False),
        ([0.0, 0.0, 0.0, 0.0], True),
    ],
)
def test_training_stops_when_newest_passes_gain_too_little(values, expected):
    assert has_stalled(values, patience=3, min_gain=0.005) is expected


def test_without_a_least_gain_any_gain_counts():
    assert not has_stalled([0.1, 0.1, 0.1, 0.1000001], patience=3, min_gain=0.0)
    assert has_stalled([0.1, 0.1, 0.1, 0.1], patience=3, min_gain=0.0)
