import numpy as np
import pytest

from nightrec.importance.picture import PANELS, SURE, UNSURE, picture
from nightrec.importance.rows import importance_rows, with_changes

NAN = np.nan


def a_row(kind="source", name="text", part="all", value=0.5, low=0.4, high=0.6, **changes):
    key = {"model": "ranker", "kind": kind, "name": name, "slice": part}
    return key | {"value": value, "low": low, "high": high, "n_users": 4} | changes


def drawn(*rows):
    return picture(with_changes(rows, [], []), "title", PANELS["feature_importance"])


def test_mean_and_interval_over_the_users_of_the_slice():
    (row,) = importance_rows(np.array([[[1.0, 3.0, NAN]]]), ["a"], ["all"], "source", 2)
    assert row == {
        "kind": "source", "name": "a", "slice": "all", "n_users": 2, "value": 2.0,
        "low": pytest.approx(2 - 1.96), "high": pytest.approx(2 + 1.96),  # deviation sqrt(2), error 1
    }  # fmt: skip


def test_slices_of_too_few_users_are_left_out():
    values = np.array([[[1.0, 2.0, 3.0], [1.0, 2.0, NAN]]])
    assert [row["slice"] for row in importance_rows(values, ["a"], ["all", "new_users"], "source", 3)] == ["all"]
    assert importance_rows(values[:, :, :1], ["a"], ["all", "new_users"], "source", 1) == []  # one user has no interval


def test_changes_are_those_of_the_same_row():
    before = [a_row(value=0.2), a_row(part="new_users", value=9.0), a_row(kind="shap", value=9.0)]
    (row,) = with_changes([a_row()], before, [a_row(value=0.9)])
    assert row["change_1d"] == pytest.approx(0.3)
    assert row["change_7d"] == pytest.approx(-0.4)


def test_rows_that_earlier_nights_do_not_know_have_no_change():
    (row,) = with_changes([a_row()], [a_row(name="other")], [])
    assert row["change_1d"] is row["change_7d"] is None


def test_the_picture_shows_the_largest_first_and_what_may_be_zero_in_pale():
    rows = [a_row(name="sure", value=0.1, low=0.05, high=0.15), a_row(name="unsure", value=0.2, low=-0.1, high=0.5)]
    figure = drawn(*rows, a_row(name="hidden", part="new_users"))
    axes = figure.axes[0]
    assert [label.get_text().strip() for label in axes.get_yticklabels()] == ["unsure", "sure"]
    assert [bar.get_width() for bar in axes.patches] == [0.2, 0.1]
    pale, dark = (bar.get_facecolor() for bar in axes.patches)
    assert (pale, dark) == (rgba(UNSURE), rgba(SURE))
    assert figure.get_suptitle() == "title"
    assert axes.get_xlabel() == "Shapley value in NDCG@10"


def test_the_picture_shows_where_values_stood_before():
    rows = [
        a_row(name="moved", value=0.5, change_1d=0.1, change_7d=-0.2),
        a_row(name="new", value=0.4, change_1d=None, change_7d=None),
    ]
    figure = picture(rows, "title", PANELS["feature_importance"])
    marks = [one.get_offsets().tolist() for one in figure.axes[0].collections[-2:]]
    assert marks == [[[pytest.approx(0.4), 0.0]], [[pytest.approx(0.7), 0.0]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["the night before", "a week before"]
    assert drawn(a_row()).legends == []  # a first night


def test_a_picture_of_nothing_can_be_drawn(tmp_path):
    picture([], "title", PANELS["behaviour_importance"]).savefig(tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000


def rgba(colour):
    from matplotlib.colors import to_rgba

    return to_rgba(colour)
