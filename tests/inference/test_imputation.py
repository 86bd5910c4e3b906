"""Unknown values given the known ones, against the normal of a linear model."""

import numpy as np
import pytest
import scipy.stats

from keras_vae._compat import tf
from tests import tiny

B = 4
KNOWN = np.arange(6) % 3 > 0


def linear(rough=0.0):
    """(model, x, mask, E(unknown | known), its standard deviation): q is off by `rough`."""
    rng = np.random.default_rng(0)
    weights, bias, scale = rng.normal(size=(6, 2)), rng.normal(size=6), 0.5
    weights[KNOWN] = np.linalg.qr(rng.normal(size=(4, 2)))[0] * [1.5, 0.7]
    variance = 1.0 / ((weights[KNOWN] ** 2).sum(0) / scale**2 + 1.0)
    matrix = np.where(KNOWN[:, np.newaxis], weights * variance / scale**2, 0.0)
    offset = -bias[KNOWN] @ matrix[KNOWN] + rough
    encoder = matrix, offset, (1.0 + rough) * np.sqrt(variance)
    model = tiny.linear_normal(weights, bias, scale, (3, 2, 1), encoder)
    covariance = weights @ weights.T + scale**2 * np.eye(6)
    x = rng.multivariate_normal(bias, covariance, B)
    gain = covariance[np.ix_(~KNOWN, KNOWN)] @ np.linalg.inv(covariance[np.ix_(KNOWN, KNOWN)])
    mean = bias[~KNOWN] + (x[:, KNOWN] - bias[KNOWN]) @ gain.T
    left = covariance[np.ix_(~KNOWN, ~KNOWN)] - gain @ covariance[np.ix_(KNOWN, ~KNOWN)]
    x = np.where(KNOWN, x, np.nan).astype(np.float32).reshape(-1, 3, 2, 1)
    mask = np.broadcast_to(KNOWN.reshape(3, 2, 1), x.shape)
    return model, x, mask, mean, np.sqrt(np.diag(left))


def unknown(values):
    return np.reshape(values, (*np.shape(values)[:-3], 6))[..., ~KNOWN]


@pytest.mark.parametrize("rough", [0.0, 0.4], ids=["exact posterior", "rough posterior"])
def test_means_spreads_and_draws_are_those_of_the_exact_conditional(rough):
    model, x, mask, mean, deviation = linear(rough)
    found = model.impute(x, mask, num_samples=2000, num_draws=400, seed=1)
    for values in (found.mean, *found.draws):
        np.testing.assert_array_equal(np.asarray(values)[mask], x[mask])
    np.testing.assert_array_equal(np.asarray(found.spread)[mask], 0.0)
    size = found.effective_sample_size.numpy()[:, np.newaxis]
    assert np.all(size > 500)
    assert np.all(np.abs(unknown(found.mean) - mean) < 5 * deviation / np.sqrt(size))
    # The variance of a normal's variance is 2 s^4 / n.
    np.testing.assert_allclose(unknown(found.spread), np.tile(deviation, (B, 1)), rtol=0.12)
    drawn = unknown(found.draws)  # [K, B, 2]
    scores = (drawn - mean) / deviation
    assert scipy.stats.kstest(scores[:, 0].ravel(), "norm").pvalue > 1e-3
    assert np.all(np.abs(scores.mean(0)) < 5 / np.sqrt(400))


def test_draws_depend_on_the_seed_and_on_no_other_example():
    model, x, mask, *_ = linear()
    a, b, c = (model.impute(x, mask, 40, 2, seed=seed).draws.numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.any(unknown(a) != unknown(c))
    assert model.impute(x, mask, 10).draws.shape == (0, *x.shape)


def test_models_that_see_masks_complete_from_what_they_see():
    model = tiny.randomize(tiny.vae(sees_mask=True))
    x, known = tiny.images(3), np.zeros((7, 5), bool)
    known[:3] = True
    a, b = (model.complete(x, known, 5, seed=seed).numpy() for seed in (1, 2))
    np.testing.assert_array_equal(a[:, :3], x[:, :3])
    assert np.any(a != b)
    changed = np.where(known[..., np.newaxis], x, 1 - x)
    np.testing.assert_array_equal(model.complete(changed, known, 5, seed=1), a)


def test_models_that_can_not_weigh_are_refused():
    x = tiny.images(2)
    mask = np.ones(x.shape, bool)
    with pytest.raises(ValueError, match="imputing weighs draws of q"):
        tiny.vae(posterior="deterministic").impute(x, mask)
    with pytest.raises(ValueError, match="num_draws must be"):
        tiny.vae().impute(x, mask, num_draws=-1)
    with pytest.raises(ValueError, match="mask: this model is given part"):
        tiny.vae(condition="image_part").impute(tf.constant(x), mask)
