import numpy as np
import pyarrow as pa
import pytest

from nightrec.encoder.means import mean_vectors
from nightrec.encoder.reuse import Known, distinct_texts, fill, is_current, places_of

EARLIER = pa.table(
    {"text_hash": ["h1", "h2", "h3"], "model_version": ["v1", "v1", "v0"],
     "vector": pa.array([[1, 0], [0, 1], [9, 9]], pa.list_(pa.float32()))}
)  # fmt: skip
TONIGHT = pa.table({"text": list("1234"), "text_hash": ["h1", "h2", "h3", "h4"]})


@pytest.fixture
def known():
    return Known.of(EARLIER, "v1", 2)


def test_known_are_vectors_of_the_same_model(known):
    assert known.hashes.to_pylist() == ["h1", "h2"]
    assert known.vectors.tolist() == [[1, 0], [0, 1]]


def test_texts_of_items_and_users_are_embedded_once():
    items = pa.table({"item_id": ["a", "b"], "text": ["x", "y"], "text_hash": ["h2", "h1"]})
    users = pa.table({"user_id": ["u"], "text": ["x"], "text_hash": ["h2"]})
    assert distinct_texts([items, users]).to_pydict() == {"text_hash": ["h1", "h2"], "text": ["y", "x"]}


def test_old_and_new_vectors_come_in_the_order_of_the_texts(known):
    places = places_of(TONIGHT, known)
    assert places.to_pylist() == [0, 1, None, None]
    got = fill(places, known, np.array([[3, 3], [4, 4]], np.float32))
    assert got.tolist() == [[1, 0], [0, 1], [3, 3], [4, 4]]


def test_nothing_known_and_nothing_new():
    none = Known.none(2)
    assert places_of(TONIGHT, none).null_count == 4
    places = places_of(TONIGHT.slice(0, 0), none)
    assert fill(places, none, np.empty((0, 2), np.float32)).shape == (0, 2)
    assert is_current(TONIGHT.slice(0, 0), none, lambda texts: np.empty((len(texts), 2)))


def test_known_vectors_are_checked_against_the_encoder(known):
    vectors = {"2": [0, 1], "1": [1, 0]}
    assert is_current(TONIGHT, known, lambda texts: np.array([vectors[t] for t in texts.to_pylist()]))
    assert not is_current(TONIGHT, known, lambda texts: np.full((len(texts), 2), 0.7))


def test_an_item_stands_at_the_mean_of_its_texts():
    pieces = pa.table({"item_id": ["b", "a", "b", "c"], "text_hash": ["h1", "h2", "h2", "h3"]})
    vectors = np.array([[1, 0], [0, 1], [0, -1]], np.float32)

    keys, means = mean_vectors(pieces, pa.array(["h1", "h2", "h3"]), vectors)

    assert keys.to_pylist() == ["a", "b", "c"]
    np.testing.assert_allclose(means, [[0, 1], [0.5**0.5, 0.5**0.5], [0, -1]], atol=1e-6)


def test_no_texts_have_no_means():
    keys, means = mean_vectors(pa.table({"item_id": pa.array([], pa.string()), "text_hash": pa.array([], pa.string())}),
                               pa.array([], pa.string()), np.empty((0, 2), np.float32))  # fmt: skip
    assert (len(keys), means.shape) == (0, (0, 2))
