import numpy as np
import pytest

from nightrec.ranker.linear import fit_linear


def crowd(n_users=200, seed=0):
    """Users who choose by the first of two features; the second is noise."""
    features = np.random.default_rng(seed).normal(size=(n_users, 6, 2)).astype(np.float32)
    inside = np.ones((n_users, 6), bool)
    relevant = features[:, :, 0] == features[:, :, 0].max(axis=1, keepdims=True)
    return features, inside, relevant


def test_the_feature_that_decides_gets_the_weight():
    model = fit_linear(*crowd())
    assert model.weights[0] > 2
    assert abs(model.weights[1]) < 0.2 * model.weights[0]


def test_two_equal_candidates_share_the_choice():
    # One feature, values 0 and 1, the 1 chosen by three users of four: the log-odds are ln 3.
    features = np.tile(np.array([[[0.0], [1.0]]], np.float32), (4, 1, 1))
    relevant = np.array([[0, 1], [0, 1], [0, 1], [1, 0]], bool)
    model = fit_linear(features, np.ones((4, 2), bool), relevant, ridge=0.0)
    low, high = model.scores(features[0])
    assert high - low == pytest.approx(np.log(3), rel=1e-3)


def test_padding_changes_nothing():
    features, inside, relevant = crowd()
    wide = np.pad(features, ((0, 0), (0, 2), (0, 0)), constant_values=99)
    padded = fit_linear(wide, np.pad(inside, ((0, 0), (0, 2))), np.pad(relevant, ((0, 0), (0, 2))))
    np.testing.assert_allclose(padded.weights, fit_linear(features, inside, relevant).weights, rtol=1e-3)


def test_ridge_pulls_to_zero():
    assert np.abs(fit_linear(*crowd(), ridge=10.0).weights).max() < 0.1
