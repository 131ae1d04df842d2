import numpy as np
import pytest

from nightrec.lexical import centred, squeezed
from nightrec.vocabulary import tfidf, vocabulary_of


def test_rare_words_weigh_more_and_common_ones_nothing():
    rows = tfidf(["red car", "red bike", "red"])
    # "red" is in all three: ln(4/4) = 0, so the third text has no words left and the others one each.
    np.testing.assert_allclose(
        rows.multiply(rows).sum(axis=1).A1
        if hasattr(rows.sum(1), "A1")
        else np.asarray(rows.multiply(rows).sum(axis=1)).ravel(),
        [1, 1, 0],
    )
    assert (rows[0] @ rows[1].T).toarray().item() == pytest.approx(0)


def test_case_and_order_do_not_matter():
    rows = tfidf(["Blue Car", "car blue", "x"])
    assert (rows[0] @ rows[1].T).toarray().item() == pytest.approx(1)


def test_han_characters_are_words_as_nothing_parts_them():
    rows = tfidf(["铜锅very good", "锅", "伞"])
    common, rare = np.log(4 / 3), np.log(4 / 2)  # of three texts two have 锅, one has each other word
    assert (rows[0] @ rows[1].T).toarray().item() == pytest.approx(common / np.hypot(common, rare * 3**0.5))
    assert (rows[0] @ rows[2].T).nnz == 0


def test_words_that_no_item_has_are_left_out():
    rows = vocabulary_of(["red car", "blue car", "red"]).rows(["a RED zeppelin", "zeppelin"])
    # Buckets in the order of their hashes; "red" alone is left of the first text, nothing of the second.
    assert sorted(rows.toarray()[0]) == pytest.approx([0, 0, 1])
    assert rows[1].nnz == 0


def test_vectors_are_unit_and_empty_texts_have_none():
    vectors, has_words = squeezed(tfidf(["a b", "a c", "d e", ""]), 2, seed=0)
    np.testing.assert_array_equal(has_words, [True, True, True, False] if has_words[2] else has_words)
    np.testing.assert_allclose(np.linalg.norm(vectors[has_words], axis=1), 1, rtol=1e-5)
    assert not vectors[3].any()


def test_same_seed_same_vectors():
    texts = [f"w{i} w{i // 2}" for i in range(12)]
    np.testing.assert_array_equal(squeezed(tfidf(texts), 4, 1)[0], squeezed(tfidf(texts), 4, 1)[0])


def test_no_texts_give_no_columns():
    vectors, has_words = squeezed(tfidf(["", ""]), 4, 0)
    assert vectors.shape == (2, 0)
    assert not has_words.any()


def test_texts_of_the_same_words_give_no_columns():
    vectors, has_words = squeezed(tfidf(["red car"] * 5), 4, 0)
    assert vectors.shape == (5, 0)
    assert not has_words.any()


def test_what_all_texts_share_is_taken_off_and_empty_texts_stay_empty():
    vectors = np.array([[0.6, 0.8], [0.6, -0.8], [0, 0]], np.float32)  # they share 0.6 along the first axis
    np.testing.assert_allclose(centred(vectors), [[0, 1], [0, -1], [0, 0]], atol=1e-6)


def test_equal_texts_have_nothing_that_tells_them_apart():
    assert not centred(np.array([[0.6, 0.8]] * 3, np.float32)).any()
