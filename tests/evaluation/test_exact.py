"""exact_log_likelihood: against scipy and scikit-learn, and what it refuses."""

import numpy as np
import pytest
import scipy.stats
from sklearn import decomposition

from keras_vae.evaluation import exact_log_likelihood
from tests import tiny


def test_it_is_the_normal_that_scipy_has():
    model, x, log_p = tiny.exact_linear()
    # Weights and x are float32: 12 squares of up to 5 deviations, each off by 2^-23 of itself.
    np.testing.assert_allclose(exact_log_likelihood(model, x), log_p, atol=1e-4)


def test_it_takes_the_priors_own_mean_and_scale():
    model = tiny.randomize(tiny.vae(recipe="linear_vae", prior="learned_normal"))
    x = tiny.images_for(model, 6)
    kernel, bias = model.decoder.projection.linear.get_weights()
    loc, scale = (np.float64(t) for t in model.prior_moments())
    assert (loc != 0.0).all()
    assert (scale != 1.0).all()
    covariance = kernel.T @ np.diag(scale**2) @ kernel
    covariance += np.float64(model.decoder.likelihood.scale) ** 2 * np.eye(len(bias))
    p = scipy.stats.multivariate_normal(loc @ kernel + bias, covariance)
    np.testing.assert_allclose(exact_log_likelihood(model, x), p.logpdf(x.reshape(6, -1)), 1e-5)


def test_it_is_the_likelihood_of_probabilistic_pca():
    x = np.random.default_rng(0).normal(size=(200, 3)) @ np.diag([2.0, 1.0, 0.5])
    x = (x @ np.random.default_rng(1).normal(size=(3, 12)) + 0.5).astype(np.float32)
    x += 0.3 * np.random.default_rng(2).normal(size=x.shape).astype(np.float32)
    pca = decomposition.PCA(n_components=3).fit(x)
    noise_variance = float(pca.noise_variance_)
    weights = pca.components_.T * np.sqrt(pca.explained_variance_ - noise_variance)
    model = tiny.linear_normal(weights, pca.mean_, np.sqrt(noise_variance), (4, 3, 1))
    found = exact_log_likelihood(model, x.reshape(-1, 4, 3, 1))
    np.testing.assert_allclose(found, pca.score_samples(x), atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"network": "mlp", "likelihood": "normal"},
        {"network": "linear", "likelihood": "bernoulli"},
        {"network": "linear", "likelihood": "normal", "prior": "mixture"},
        {"network": "linear", "likelihood": "normal", "condition": "label"},
        {"network": "linear", "likelihood": "normal", "weights": "bayes"},
        {"network": "linear", "likelihood": "normal", "posterior": "deterministic"},
        {"recipe": "hvae", "likelihood": "normal"},
        {"recipe": "music"},
    ],
)
def test_models_without_a_closed_form_are_refused(options):
    model = tiny.vae(**options)
    with pytest.raises(ValueError, match=r"needs network=linear.*use log_likelihood"):
        exact_log_likelihood(model, tiny.images_for(model, 2))
