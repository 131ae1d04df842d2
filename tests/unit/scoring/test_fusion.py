import numpy as np
import pyarrow as pa
import pytest

from nightrec.scoring.fusion import fuse_items, fuse_users, make_part, moments, to_matrix, weighted_sums


def column(rows):
    return pa.array([None if row is None else [float(x) for x in row] for row in rows], pa.list_(pa.float32()))


def part_of(name, weight, rows):
    return make_part(name, weight, [moments(np.array(rows[:2], np.float32)), moments(np.array(rows[2:], np.float32))])


def test_fused_score_is_the_weighted_sum_of_z_scores():
    rng = np.random.default_rng(1)
    items = {"a": rng.normal(2.0, 1.0, (9, 3)), "b": rng.normal(-1.0, 5.0, (9, 2))}
    user = {"a": rng.normal(size=(1, 3)), "b": rng.normal(size=(1, 2))}
    weights = {"a": 1.0, "b": 0.3}
    parts = [part_of(name, weights[name], items[name]) for name in items]

    got = (
        fuse_users(parts, [column(user[p.name]) for p in parts])
        @ fuse_items(parts, [column(items[p.name]) for p in parts]).T
    )

    raw = {name: (user[name] @ items[name].T)[0] for name in items}
    want = sum(weights[name] * (raw[name] - raw[name].mean()) / raw[name].std() for name in items)
    assert got[0] == pytest.approx(want, abs=1e-4)


def test_an_item_that_a_source_does_not_know_scores_its_average():
    part = part_of("a", 1.0, [[1.0], [2.0], [3.0]])
    scores = fuse_users([part], [column([[5.0]])]) @ fuse_items([part], [column([[2.0], None, [3.0]])]).T
    assert scores[0, :2] == pytest.approx([0.0, 0.0])
    assert scores[0, 2] > 0


def test_a_source_that_cannot_tell_items_apart_adds_nothing():
    part = part_of("a", 1.0, [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    assert fuse_users([part], [column([[3.0, 0.0], None])]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_make_part_needs_rows():
    with pytest.raises(ValueError, match="'text' has no item vectors"):
        make_part("text", 1.0, [])


def test_to_matrix_keeps_places_of_nulls():
    rows, known = to_matrix(column([[1, 2], None, [3, 4]]), dim=2)
    assert rows.tolist() == [[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]
    assert known.tolist() == [True, False, True]


def test_weighted_sums_are_unit_length_by_group():
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [-2.0, 0.0]], np.float32)
    got = weighted_sums(np.array([3.0, 4.0, 1.0, 1.0]), rows, np.array([0, 2]))
    assert got == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))
