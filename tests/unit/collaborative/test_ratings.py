import numpy as np
import pyarrow as pa
import pytest

from nightrec.collaborative.ratings import factorise_ratings, rating_errors, values_of
from nightrec.config import load_config
from nightrec.histories import Histories, Matrix

SETTINGS = load_config("tiny").collaborative


@pytest.fixture(scope="module")
def shop():
    """Return ratings by planted biases and two planted tastes, and which are held out."""
    rng = np.random.default_rng(0)
    n_users, n_items = 150, 80
    of_users, of_items = rng.normal(size=(n_users, 2)), rng.normal(size=(n_items, 2))
    users, items = (part.ravel() for part in np.indices((n_users, n_items)))
    seen = rng.random(len(users)) < 0.4
    users, items = users[seen], items[seen]
    value = 3.5 + 0.4 * rng.normal(size=n_users)[users] + 0.6 * rng.normal(size=n_items)[items]
    value += 0.5 * (of_users[users] * of_items[items]).sum(axis=1) + 0.2 * rng.normal(size=len(users))
    return users, items, value, rng.random(len(users)) < 0.2


def predict(vectors, users, items):
    return np.einsum("nd,nd->n", vectors[0][users], vectors[1][items])


def test_planted_ratings_come_back_closer_than_the_means(shop):
    users, items, value, held = shop
    vectors = factorise_ratings((users[~held], items[~held]), value[~held], (151, 81), SETTINGS)
    parts = [tuple(part[rows] for part in (users, items, value)) for rows in (~held, held)]

    errors = rating_errors(*parts, predict(vectors, users[held], items[held]))

    assert errors["rmse"] < 0.75 * min(errors["rmse_item_mean"], errors["rmse_user_mean"])
    assert errors["mae"] < 0.75 * min(errors["mae_item_mean"], errors["mae_user_mean"])


def test_who_and_what_has_no_rating_stands_at_the_mean(shop):
    users, items, value, _ = shop
    vectors = factorise_ratings((users, items), value, (151, 81), SETTINGS)

    assert predict(vectors, [150], [80])[0] == pytest.approx(value.mean(), abs=1e-4)
    assert predict(vectors, [150], [3])[0] == pytest.approx(
        value.mean() + vectors[0][150, -1] * vectors[1][3, -1], 1e-4
    )


def test_ratings_in_another_unit_give_the_same_order(shop):
    users, items, value, _ = shop
    small, large = (factorise_ratings((users, items), v, (150, 80), SETTINGS) for v in (value, 20 * value - 7))

    assert predict(large, users, items) == pytest.approx(20 * predict(small, users, items) - 7, abs=1e-2)


def test_equal_ratings_are_no_division_by_zero(shop):
    users, items, _, _ = shop
    vectors = factorise_ratings((users, items), np.full(len(users), 4.0), (150, 80), SETTINGS)

    assert predict(vectors, users, items) == pytest.approx(4.0, abs=1e-5)


def test_means_are_the_textbook_ones():
    known = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([5.0, 3.0, 1.0])
    held = np.array([1, 2]), np.array([1, 0]), np.array([2.0, 4.0])

    errors = rating_errors(known, held, np.array([2.5, 4.0]))

    assert errors["rmse"] == pytest.approx(np.sqrt(0.125))
    assert errors["mae"] == pytest.approx(0.25)
    assert errors["mae_user_mean"] == pytest.approx(((3 - 2 / 11 - 2) + (4 - 3)) / 2)


def test_values_stand_beside_their_rows():
    ids = np.array([0, 0, 1]), np.array([1, 0, 1])
    histories = Histories(*ids, np.ones(3, np.float32), np.arange(3.0), np.arange(3.0), np.ones(3, bool), (2, 2))
    none = np.zeros(3, bool)
    matrix = Matrix(histories, none, none, pa.array(["a", "b"]), pa.array(["x", "y"]), histories.where(none))
    rows = [("b", "y", 3.0), ("a", "x", None), ("stranger", "x", 9.0), ("a", "y", 1.0)]
    columns = dict(zip(("user_id", "item_id", "last_value"), map(list, zip(*rows, strict=True)), strict=True))

    assert values_of(matrix, pa.table(columns)) == pytest.approx([1.0, np.nan, 3.0], nan_ok=True)
