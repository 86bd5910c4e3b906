"""Mixtures: TFP's density in float64, and the choice of components."""

import numpy as np
import pytest
import scipy.stats

from keras_vae._compat import tf, tfd
from keras_vae.priors import MixtureOfNormals
from keras_vae.priors.mixture import choose, mixture


def parts(num_components, latent_dim, scales=(0.02, 1.0), seed=0):
    """(logits [K], loc [K, D], scale [K, D]), float32."""
    rng = np.random.default_rng(seed)
    shape = (num_components, latent_dim)
    arrays = (
        rng.normal(size=num_components),
        rng.uniform(-3, 3, shape),
        np.exp(rng.uniform(*np.log(scales), shape)),
    )
    return [array.astype(np.float32) for array in arrays]


def written_out(logits, loc, scale, z):
    """log p(z) by scipy, in float64."""
    normal = scipy.stats.norm(loc.astype(np.float64), scale.astype(np.float64))
    log_prob = normal.logpdf(z[..., np.newaxis, :].astype(np.float64)).sum(-1)
    return scipy.special.logsumexp(log_prob + scipy.special.log_softmax(logits), axis=-1)


def diagonal(logits, loc, scale):
    return mixture(logits, tfd.Independent(tfd.Normal(loc, scale), 1))


@pytest.mark.parametrize("scales", [(0.02, 0.02001), (0.02, 1.0), (0.3, 1.0)])
def test_the_density_of_narrow_components_is_exact(scales):
    """Two matrix products in float32 would be wrong by up to 0.1 nats at a scale of 0.02."""
    logits, loc, scale = parts(100, 40, scales)
    rng = np.random.default_rng(1)
    k = rng.integers(0, 100, 200)
    z = loc[k] + scale[k] * rng.normal(size=(200, 40)).astype(np.float32)
    log_prob = diagonal(logits, loc, scale).log_prob(z)
    np.testing.assert_allclose(log_prob, written_out(logits, loc, scale, z), rtol=1e-6, atol=1e-4)
    far = rng.uniform(-4, 4, (50, 40)).astype(np.float32)
    log_prob = diagonal(logits, loc, scale).log_prob(far)
    np.testing.assert_allclose(log_prob, written_out(logits, loc, scale, far), rtol=1e-6)


def test_other_components_are_tfps():
    logits, loc, scale = parts(4, 3)
    z = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32)
    components = tfd.MultivariateNormalTriL(loc, tf.linalg.diag(scale))
    wanted = written_out(logits, loc, scale, z)
    np.testing.assert_allclose(mixture(logits, components).log_prob(z), wanted, rtol=1e-4)
    p = diagonal(logits, loc, scale)
    np.testing.assert_allclose(p.log_prob(z), wanted, rtol=1e-5)
    of_components, by_tfp = (
        m.posterior_marginal(z).probs_parameter() for m in (p, mixture(logits, components))
    )
    np.testing.assert_allclose(of_components, by_tfp, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_are_tfps(jit_compile):
    arrays = [tf.constant(a) for a in (*parts(4, 3, (0.3, 1.0)), np.ones([2, 5, 3], np.float32))]

    @tf.function(jit_compile=jit_compile)
    def gradients(make):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            logits, loc, scale, z = arrays
            total = tf.reduce_sum(make(logits, loc, scale).log_prob(z))
        return tape.gradient(total, arrays)

    def tfps(logits, loc, scale):
        components = tfd.MultivariateNormalDiag(loc, scale)
        return tfd.MixtureSameFamily(tfd.Categorical(logits), components)

    for got, wanted in zip(gradients(diagonal), gradients(tfps), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_components_are_chosen_with_their_weights():
    logits = np.log([0.5, 0.2, 0.05, 0.0001, 0.2499]).astype(np.float32)
    n = 100_000
    k = choose(logits, tf.random.stateless_normal([n, 2], [0, 0])).numpy()
    counts = np.bincount(k, minlength=5)
    assert scipy.stats.chisquare(counts, n * np.exp(logits) / np.exp(logits).sum()).pvalue > 1e-3


@pytest.mark.parametrize("noise", [0.0, 40.0])
def test_the_ends_of_the_noise_choose_a_component(noise):
    """exp(0) = 1 and exp(-1600) = 0 in float32."""
    for size in (1, 7, 500):
        k = choose(tf.zeros(size), tf.fill([3, 2], noise)).numpy()
        np.testing.assert_array_equal(k, 3 * [size - 1 if noise == 0 else 0])


def test_a_new_mixture_is_about_a_standard_normal():
    prior = MixtureOfNormals(5, num_components=400)
    loc, scale = prior.moments()
    np.testing.assert_allclose(loc, np.zeros(5), atol=5 * np.sqrt(0.5 / 400))
    np.testing.assert_allclose(scale, np.ones(5), atol=5 * 0.25 * np.sqrt(2 / 400))
    assert len(np.unique(prior.loc.numpy()[:, 0])) > 390
