from math import log2

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
import torch

from nightrec.config import load_config
from nightrec.encoder import evaluate
from nightrec.encoder.evaluate import is_better, lesson_of, measure
from nightrec.encoder.study import Study

CONFIG = load_config("tiny", overrides=["projection.batch_size=8", "projection.learning_rate=0.03"]).projection


def study(rows, held, user_idx, item_idx):
    n_items = rows.shape[1]
    lexical = np.zeros((n_items, 0), np.float32)
    return Study(pa.array([]), sp.csr_matrix((n_items, 0)), lexical, rows, *map(np.array, (held, user_idx, item_idx)))


@pytest.fixture
def two_tastes():
    """Forty users of two tastes, 20 items; of each taste four items are held out, and all of its users want them."""
    taste = np.arange(20) % 2
    held = np.arange(12, 20)
    rng = np.random.default_rng(3)
    rows = np.zeros((40, 20), np.float32)
    for user in range(40):
        rows[user, rng.choice(np.flatnonzero(taste[:12] == user % 2), 4, replace=False)] = 1
    asked = [(user, item) for user in range(40) for item in held if taste[item] == user % 2]
    return taste, study(sp.csr_matrix(rows), held, *zip(*asked, strict=True))


def test_vectors_that_know_the_taste_of_unseen_texts_gain_more(two_tastes):
    taste, asked = two_tastes
    knows = np.eye(2, dtype=np.float32)[taste]
    knows += np.random.default_rng(1).normal(0, 0.05, knows.shape).astype(np.float32)
    does_not = knows.copy()
    does_not[12:] = knows[12:][[1, 0, 3, 2, 5, 4, 7, 6]]  # unseen texts of one taste read like the other's
    _, good = measure(knows, asked, CONFIG)
    _, bad = measure(does_not, asked, CONFIG)
    # Each asked item is ranked without the other three of its taste: the first of five, or the last.
    np.testing.assert_allclose(good, 1.0)
    np.testing.assert_allclose(bad, 1 / log2(6))
    assert is_better(good, bad, asked.user_idx)
    assert not is_better(bad, good, asked.user_idx)


def test_both_ways_count(two_tastes):
    taste, asked = two_tastes
    vectors = np.random.default_rng(2).normal(size=(20, 2)).astype(np.float32)
    _, gains = measure(vectors, asked, CONFIG)
    rows, text = asked.rows.toarray(), vectors - vectors.mean(0)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    scores = rows @ text @ text.T
    by_cosine = []
    for user, item in zip(asked.user_idx, asked.item_idx, strict=True):
        others = [i for i in asked.held if taste[i] != user % 2]
        by_cosine.append(1 / log2(2 + sum(scores[user, i] > scores[user, item] for i in others)))
    assert np.all(gains >= np.array(by_cosine) / 2)
    assert np.all(gains <= np.array(by_cosine) / 2 + 0.5)


@pytest.mark.parametrize("value", [np.nan, 0.0, 1.0])
def test_vectors_of_a_training_that_ran_off_gain_nothing(two_tastes, value):
    _, gains = measure(np.full((20, 2), value, np.float32), two_tastes[1], CONFIG)
    assert not gains.any()


def test_a_gain_within_chance_is_none():
    rng = np.random.default_rng(4)
    base, users = np.full(400, 0.2), np.arange(400)
    assert is_better(base + rng.normal(0.02, 0.1, 400), base, users)  # four standard errors
    assert not is_better(base + rng.normal(0.0, 0.1, 400), base, users)
    assert not is_better(base, base, users)
    assert not is_better(np.array([]), np.array([]), np.array([], np.int64))


def test_one_user_does_not_tell_and_two_tell_where_they_agree():
    base = np.full(4, 0.2)
    assert not is_better(base + 0.3, base, np.zeros(4, np.int64))
    assert is_better(base + np.repeat([0.3, 0.2], 2), base, np.array([0, 0, 1, 1]))  # mean 0.25, error 0.05
    assert not is_better(base + np.repeat([0.42, 0.08], 2), base, np.array([0, 0, 1, 1]))  # 0.25 and 0.17


def test_many_questions_of_one_user_are_one_voice():
    gains = np.concatenate([np.full(300, 0.5), np.full(20, -0.01)])
    users = np.concatenate([np.zeros(300, np.int64), np.arange(1, 21)])
    assert not is_better(gains, np.zeros(320), users)


def test_gains_are_the_mean_of_two_draws_and_the_first_projections_are_returned(two_tastes, monkeypatch):
    _, asked = two_tastes
    vectors = np.random.default_rng(2).normal(size=(20, 2)).astype(np.float32)
    head, both = measure(vectors, asked, CONFIG)
    monkeypatch.setattr(evaluate, "DRAWS", 1)
    alone = [measure(vectors, asked, CONFIG.model_copy(update={"seed": CONFIG.seed + draw})) for draw in range(2)]
    assert np.abs(alone[0][1] - alone[1][1]).max() > 0
    np.testing.assert_allclose(both, (alone[0][1] + alone[1][1]) / 2)
    torch.testing.assert_close(head.to_user.weight, alone[0][0].to_user.weight)


@pytest.mark.parametrize(
    ("n_pairs", "expected_nnz", "passes"), [(10_000, 160, 8), (480, 160, 3), (320, 160, 2), (240, 120, 2), (8, 20, 2)]
)
def test_measuring_reads_so_many_pairs_at_most_and_keeps_those_who_are_asked(two_tastes, n_pairs, expected_nnz, passes):
    _, all_asked = two_tastes
    asked = study(all_asked.rows, all_asked.held, [0, 1, 1, 2, 3, 4], [12, 13, 15, 12, 13, 12])

    rows, epochs = lesson_of(asked, n_pairs, seed=0)

    assert (rows.nnz, epochs) == (expected_nnz, passes)
    assert (rows[:5] != asked.rows[:5]).nnz == 0
    kept = np.flatnonzero(np.diff(rows.indptr))
    assert (rows[kept] != asked.rows[kept]).nnz == 0
