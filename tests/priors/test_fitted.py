"""Priors fitted to codes: what scikit-learn finds, and draws that are like the codes."""

import functools

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Estimator

from keras_vae import likelihoods, priors
from keras_vae._compat import tf
from tests import tiny

RNG = np.random.default_rng(0)
# Two slanted clouds.
CODES = np.concatenate(
    [
        RNG.normal(size=(300, 2)) @ [[1.0, 0.8], [0.0, 0.3]] + [4.0, -2.0],
        RNG.normal(size=(200, 2)) @ [[0.5, 0.0], [-0.4, 0.2]] + [-3.0, 5.0],
    ]
).astype(np.float32)


def test_the_mixture_is_scikit_learns():
    prior = priors.GaussianMixture(2, 2)
    prior.fit(CODES)
    wanted = Estimator(2, random_state=0, reg_covar=1e-4).fit(CODES).score_samples(CODES)
    np.testing.assert_allclose(prior.distribution().log_prob(CODES), wanted, rtol=1e-3, atol=1e-3)


@functools.cache
def fitted_flow():
    prior = priors.Standardized(priors.RealNVP(2, 4, 32))
    prior.fit(CODES, epochs=60)
    return prior


def test_a_flow_learns_more_than_the_moments():
    flow = fitted_flow().distribution().log_prob(CODES).numpy().mean()
    cov = np.cov(CODES.T)
    normal = -0.5 * np.linalg.slogdet(cov)[1] - np.log(2 * np.pi) - 1.0
    assert flow > normal + 0.2


@pytest.mark.parametrize("kind", ["mixture", "flow"])
def test_draws_have_the_codes_moments(kind):
    """The mixture's to the error of draws: EM keeps them. A flow's nearly."""
    if kind == "mixture":
        prior = priors.GaussianMixture(2, 2)
        prior.fit(CODES)
    else:
        prior = fitted_flow()
    n = 20_000
    z = prior.from_noise(prior.draw_noise([0, 0], n)).numpy()
    squares = (z - CODES.mean(0)) ** 2
    slack = 0.0 if kind == "mixture" else 0.5
    assert (np.abs(z.mean(0) - CODES.mean(0)) < slack + 5 * z.std(0) / np.sqrt(n)).all()
    error = 5 * squares.std(0) / np.sqrt(n) + 1e-4  # 1e-4 is added to each variance.
    assert (np.abs(squares.mean(0) / CODES.var(0) - 1) < slack + error / CODES.var(0)).all()
    np.testing.assert_allclose(
        prior.from_noise(tf.zeros([1, *prior.noise_shape]), 0.0),
        prior.from_noise(tf.zeros([1, *prior.noise_shape]), 1.0),
        atol=1e-6,
    )


def test_an_autoencoder_samples_from_what_was_fitted(tmp_path):
    vae = tiny.randomize(tiny.vae(posterior="deterministic", likelihood="normal"))
    x = tiny.images(40, likelihoods.Support.REAL)
    with pytest.raises(ValueError, match="fit one to its codes by fit_prior"):
        vae.sample(3)
    before = vae.terms(x, tiny.noise(vae, 1, 40))
    vae.fit_prior(priors.GaussianMixture(3, 2), vae.code(x))
    assert vae.sample(5, seed=0).shape == (5, *tiny.EVENT_SHAPE)
    after = vae.terms(x, tiny.noise(vae, 1, 40))
    np.testing.assert_array_equal(after.log_likelihood, before.log_likelihood)
    assert after.log_prior is None
    with pytest.raises(ValueError, match="needs a posterior density"):
        vae.log_likelihood(x)


def test_a_vaes_prior_is_not_fitted():
    with pytest.raises(ValueError, match="this model's prior is trained"):
        tiny.vae().fit_prior(priors.GaussianMixture(3, 2), np.zeros((5, 3)))


def test_fewer_codes_than_components_are_refused():
    with pytest.raises(ValueError, match="at most the 3 codes, got 10"):
        priors.GaussianMixture(2, 10).fit(np.zeros((3, 2)))
