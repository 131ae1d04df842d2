import numpy as np
import pytest
from small_night import DAY, N_ITEMS, N_USERS, write, write_night

from nightrec.collaborative.implicit_als import factorise
from nightrec.collaborative.job import main
from nightrec.config import load_config
from nightrec.histories import FOLDS, Histories, read_matrix, read_vectors

ARGS = ["--domain", "tiny", "--run-date", str(DAY)]


def factors(lake, fold):
    matrix = read_matrix(lake, DAY)
    ids = {"user": matrix.user_ids, "item": matrix.item_ids}
    return [read_vectors(lake, f"{side}_factors", DAY, ids[side], fold) for side in ids]


@pytest.mark.parametrize("engine", [["implicit", "1.0"], ["spark", "0.05"]])
def test_both_engines_find_the_halves_of_the_shop_in_both_folds(tiny_lake, spark, engine):
    write_night(tiny_lake)
    settings = [f"collaborative.{key}={value}" for key, value in zip(("engine", "regularization"), engine, strict=True)]

    assert main([*ARGS, "--set", settings[0], "--set", settings[1]]) == 0

    own = np.arange(N_USERS)[:, None] % 2 == np.arange(N_ITEMS - 1) % 2
    for fold in FOLDS:
        users, items = factors(tiny_lake, fold)
        scores = users @ items[:-1].T
        assert scores[own].mean() > 10 * abs(scores[~own].mean())
        assert not items[-1].any()  # never touched, so unknown to this model


def test_repeat_gives_the_same_factors_bit_for_bit_and_the_cut_others(tiny_lake):
    write_night(tiny_lake)
    assert main(ARGS) == 0
    before = [factors(tiny_lake, fold) for fold in FOLDS]

    assert main(ARGS) == 0

    after = [factors(tiny_lake, fold) for fold in FOLDS]
    assert all(np.array_equal(a, b) for pair in zip(before, after, strict=True) for a, b in zip(*pair, strict=True))
    assert not np.array_equal(before[0][0], before[1][0])


def test_ratings_are_predicted_in_both_folds_where_the_goal_is_a_value(tiny_lake, caplog):
    write_night(tiny_lake)
    rated = [row | {"last_value": 5.0 - int(row["item_id"][1:]) % 4} for row in _interactions(tiny_lake)]
    write(tiny_lake, "interactions", rated)

    with caplog.at_level("INFO"):
        assert main([*ARGS, "--set", "matrix.goal.min_value=4", "--set", "collaborative.iterations=10"]) == 0

    matrix = read_matrix(tiny_lake, DAY)
    for fold in FOLDS:
        users, items = (
            read_vectors(tiny_lake, f"{side}_ratings", DAY, ids, fold)
            for side, ids in (("user", matrix.user_ids), ("item", matrix.item_ids))
        )
        predicted = (users @ items[:-1].T).mean(axis=0)
        stars = np.array([5.0 - int(item[1:]) % 4 for item in matrix.item_ids.to_pylist()[:-1]])
        assert np.corrcoef(predicted, stars)[0, 1] > 0.95
    assert "ratings held out" in caplog.text


def test_domain_whose_goal_is_no_value_has_empty_tables_of_ratings(tiny_lake):
    write_night(tiny_lake)
    assert main(ARGS) == 0
    assert [tiny_lake.count(f"{side}_ratings", DAY) for side in ("user", "item")] == [0, 0]


def _interactions(lake):
    return lake.read_arrow("interactions", DAY).to_pylist()


def test_night_without_a_weight_is_exit_3(tiny_lake, caplog):
    write_night(tiny_lake)
    write(tiny_lake, "interactions", [row | {"weight": 0.0} for row in _interactions(tiny_lake)])

    assert main(ARGS) == 3

    assert "user_factors" in caplog.text


def test_one_factor_solves_the_normal_equation_of_a_single_user():
    # One user, one item, one factor: x = (1 + a w) y / (y^2 + a w y^2 + reg), from either side.
    one = np.zeros(1, np.int64)
    rows = Histories(one, one, np.ones(1, np.float32), np.zeros(1), np.zeros(1), np.ones(1, bool), (1, 1))
    settings = load_config("tiny").collaborative.model_copy(
        update={"dim": 1, "iterations": 30, "regularization": 0.5, "alpha": 3.0}
    )

    (x,), (y,) = factorise(rows, np.array([2.0], np.float32), settings)

    confidence = 1 + 3.0 * 2.0
    assert x[0] == pytest.approx(confidence * y[0] / (confidence * y[0] ** 2 + 0.5), rel=1e-3)
    assert x[0] * y[0] == pytest.approx(1 - 0.5 / confidence, rel=1e-2)
