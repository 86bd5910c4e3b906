"""Normal priors: scipy's densities, and closed-form KLs."""

import numpy as np
import pytest
import scipy.stats

from keras_vae._compat import tf, tfd
from keras_vae.priors import LearnedNormal, Prior, StandardNormal
from keras_vae.priors.normal import normal, raw_scale_of
from keras_vae.rate import analytic_kl


def test_log_prob_is_scipys():
    z = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    wanted = scipy.stats.multivariate_normal(np.zeros(3)).logpdf(z)
    np.testing.assert_allclose(StandardNormal(3).distribution().log_prob(z), wanted, rtol=1e-5)


def test_noise_becomes_z_scaled_by_temperature():
    prior = StandardNormal(3)
    noise = prior.draw_noise([0, 0], 10)
    np.testing.assert_array_equal(prior.from_noise(noise), noise)
    np.testing.assert_allclose(prior.from_noise(noise, 0.5), 0.5 * noise.numpy())
    np.testing.assert_array_equal(prior.from_noise(noise, 0.0), np.zeros((10, 3)))


def test_draws_have_the_moments_of_the_prior():
    prior, n = StandardNormal(3), 20_000
    z = prior.from_noise(prior.draw_noise([0, 1], n)).numpy()
    assert z.shape == (n, 3)
    assert (np.abs(z.mean(0)) < 5 / np.sqrt(n)).all()
    # Var of a sample variance is 2 / n, of a sample covariance 1 / n.
    assert (np.abs(np.cov(z.T) - np.eye(3)) < 5 * np.sqrt((1 + np.eye(3)) / n)).all()


def test_moments_are_those_of_the_draws():
    """Where a prior doesn't know them better: here N((1, 2, 3), 2^2 I) of ten thousand draws."""

    class Shifted(StandardNormal):
        moments = Prior.moments

        def from_noise(self, noise, temperature=1.0, context=None):
            return tf.constant([1.0, 2.0, 3.0]) + 2.0 * temperature * noise

    loc, scale = Shifted(3).moments()
    np.testing.assert_allclose(loc, [1.0, 2.0, 3.0], atol=5 * 2 / np.sqrt(10_000))
    np.testing.assert_allclose(scale, [2.0, 2.0, 2.0], atol=5 * 2 / np.sqrt(2 * 10_000))
    loc, scale = StandardNormal(3).moments()
    np.testing.assert_array_equal(loc, np.zeros(3))
    np.testing.assert_array_equal(scale, np.ones(3))


def test_the_standard_normal_has_no_weights():
    assert StandardNormal(3).weights == []


def learned():
    prior = LearnedNormal(3)
    prior.loc.assign([0.5, -1.0, 2.0])
    prior.raw_scale.assign([raw_scale_of(s) for s in (0.1, 1.0, 2.0)])
    return prior, np.array([0.5, -1.0, 2.0]), np.array([0.1, 1.0, 2.0])


def test_a_learned_normal_is_scipys():
    prior, loc, scale = learned()
    z = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    wanted = scipy.stats.norm(loc, scale).logpdf(z).sum(-1)
    np.testing.assert_allclose(prior.distribution().log_prob(z), wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        prior.from_noise(z, 0.5), loc + 0.5 * scale * z, rtol=1e-5, atol=1e-6
    )
    for moment, wanted in zip(prior.moments(), (loc, scale), strict=True):
        np.testing.assert_allclose(moment, wanted, rtol=1e-6)


def test_the_kl_to_a_learned_normal_is_that_of_each_latent():
    prior, loc, scale = learned()
    q = tfd.Independent(tfd.Normal(tf.ones([2, 3]), 0.5), 1)
    wanted = np.log(scale / 0.5) + (0.25 + (1 - loc) ** 2) / (2 * scale**2) - 0.5
    np.testing.assert_allclose(analytic_kl(q, prior.distribution()), [wanted, wanted], rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 0.5, 1.0, 20.0])
def test_raw_scales_and_scales(scale):
    p = normal(tf.zeros(1), tf.constant([raw_scale_of(scale)], tf.float32))
    np.testing.assert_allclose(p.stddev(), [scale], rtol=1e-4)


def test_no_scale_is_zero():
    assert normal(tf.zeros(1), tf.constant([-1e4])).stddev().numpy() > 0
