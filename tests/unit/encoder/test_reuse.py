import numpy as np
import pyarrow as pa
import pytest

from nightrec.encoder.reuse import Known, fill, is_current, split_known

EARLIER = pa.table(
    {"text_hash": ["h1", "h1", "h2", "h3"], "model_version": ["v1", "v1", "v1", "v0"],
     "vector": pa.array([[1, 0], [1, 0], [0, 1], [9, 9]], pa.list_(pa.float32()))}
)  # fmt: skip
TONIGHT = pa.table({"item_id": list("abcde"), "text": list("32441"), "text_hash": ["h3", "h2", "h4", "h4", "h1"]})


@pytest.fixture
def known():
    return Known.of(EARLIER, "v1", 2)


def test_known_are_vectors_of_the_same_model(known):
    assert known.hashes.to_pylist() == ["h1", "h1", "h2"]
    assert known.vectors.tolist() == [[1, 0], [1, 0], [0, 1]]


def test_only_new_texts_are_left_to_embed_each_once(known):
    places, new = split_known(TONIGHT, known)
    assert new.to_pydict() == {"text_hash": ["h3", "h4"], "text": ["3", "4"]}
    got = fill(TONIGHT, places, known, new, np.array([[3, 3], [4, 4]], np.float32))
    assert got.tolist() == [[3, 3], [0, 1], [4, 4], [4, 4], [1, 0]]


def test_nothing_known_and_nothing_new():
    none = Known.none(2)
    places, new = split_known(TONIGHT, none)
    assert places.null_count == 5
    assert new["text_hash"].to_pylist() == ["h1", "h2", "h3", "h4"]
    places, new = split_known(TONIGHT.slice(0, 0), none)
    assert fill(TONIGHT.slice(0, 0), places, none, new, np.empty((0, 2), np.float32)).shape == (0, 2)
    assert is_current(TONIGHT.slice(0, 0), places, none, lambda texts: np.empty((len(texts), 2)))


def test_known_vectors_are_checked_against_the_encoder(known):
    places, _ = split_known(TONIGHT, known)
    vectors = {"2": [0, 1], "1": [1, 0]}
    assert is_current(TONIGHT, places, known, lambda texts: np.array([vectors[t] for t in texts.to_pylist()]))
    assert not is_current(TONIGHT, places, known, lambda texts: np.full((len(texts), 2), 0.7))
