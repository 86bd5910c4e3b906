"""Mixtures: TFP's density in float64, and the choice of components."""

import numpy as np
import pytest
import scipy.stats
from sklearn.mixture import GaussianMixture

from keras_vae._compat import tf, tfd
from keras_vae.ops.categorical import from_normal
from keras_vae.priors import MixtureOfNormals
from keras_vae.priors.mixture import mixture


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


def slanted(num_components, latent_dim, seed=2):
    """Lower triangular matrices [K, D, D], of positive diagonals."""
    rng = np.random.default_rng(seed)
    matrix = np.tril(rng.normal(size=(num_components, latent_dim, latent_dim)), -1)
    diagonal = np.exp(rng.uniform(-1.0, 1.0, (num_components, latent_dim)))
    return (matrix + diagonal[..., np.newaxis] * np.eye(latent_dim)).astype(np.float32)


def test_the_density_of_slanted_components():
    logits, loc, _ = parts(4, 3)
    scale_tril = slanted(4, 3)
    z = np.random.default_rng(1).uniform(-4, 4, (2, 50, 3)).astype(np.float32)
    covariance = scale_tril @ scale_tril.swapaxes(1, 2)
    each = [
        scipy.stats.multivariate_normal(m, c).logpdf(z)
        for m, c in zip(loc, covariance, strict=True)
    ]
    joint = np.stack(each, axis=-1) + scipy.special.log_softmax(logits)
    p = mixture(logits, tfd.MultivariateNormalTriL(loc, scale_tril))
    np.testing.assert_allclose(
        p.log_prob(z), scipy.special.logsumexp(joint, axis=-1), rtol=1e-4, atol=1e-3
    )
    np.testing.assert_allclose(
        p.posterior_marginal(z).probs_parameter(), scipy.special.softmax(joint, -1), atol=1e-3
    )


def test_components_of_other_kinds_are_tfps():
    logits, loc, scale = parts(4, 3)
    z = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32)
    found = mixture(logits, tfd.MultivariateNormalDiag(loc, scale))
    assert type(found) is tfd.MixtureSameFamily
    wanted = written_out(logits, loc, scale, z)
    np.testing.assert_allclose(found.log_prob(z), wanted, rtol=1e-4)
    p = diagonal(logits, loc, scale)
    np.testing.assert_allclose(p.log_prob(z), wanted, rtol=1e-5)
    of_components, by_tfp = (m.posterior_marginal(z).probs_parameter() for m in (p, found))
    np.testing.assert_allclose(of_components, by_tfp, rtol=1e-3, atol=1e-5)


def test_a_prior_of_slanted_components():
    """It begins as the diagonal one, draws what it says, and takes scikit-learn's fit."""
    prior = MixtureOfNormals(2, 3, covariance="full")
    z = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    plain = MixtureOfNormals(2, 3)
    plain.set_weights(prior.get_weights()[:3])
    np.testing.assert_allclose(
        prior.distribution().log_prob(z), plain.distribution().log_prob(z), rtol=1e-5, atol=1e-5
    )
    codes = np.concatenate([z @ [[1.0, 0.9], [0.0, 0.2]], z @ [[0.3, -0.5], [0.2, 0.1]] + 4.0])
    prior.fit(codes, seed=3)
    found = GaussianMixture(3, random_state=3, reg_covar=1e-4).fit(codes)
    np.testing.assert_allclose(
        prior.distribution().log_prob(codes), found.score_samples(codes), rtol=1e-3, atol=1e-3
    )
    draws = prior.from_noise(prior.draw_noise([0, 1], 40_000)).numpy()
    mean, deviation = prior.moments()
    np.testing.assert_allclose(draws.mean(0), mean, atol=5 * deviation.numpy().max() / 200)
    covariance = np.einsum("k,kij->ij", found.weights_, found.covariances_) + np.cov(
        found.means_.T, aweights=found.weights_, ddof=0
    )
    away = draws - draws.mean(0)
    products = away[:, :, np.newaxis] * away[:, np.newaxis]
    error = products.std(0) / 200
    assert (np.abs(products.mean(0) - covariance) < 5 * error).all()


def test_covariance_is_one_of_two():
    with pytest.raises(ValueError, match="covariance must be diagonal or full, got 'tied'"):
        MixtureOfNormals(2, covariance="tied")


def full(logits, loc, scale):
    return mixture(logits, tfd.MultivariateNormalTriL(loc, tf.linalg.diag(scale)))


@pytest.mark.parametrize("ours", [diagonal, full])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_are_tfps(ours, jit_compile):
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

    for got, wanted in zip(gradients(ours), gradients(tfps), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


def test_components_are_chosen_with_their_weights():
    logits = np.log([0.5, 0.2, 0.05, 0.0001, 0.2499]).astype(np.float32)
    n = 100_000
    k = from_normal(logits, tf.random.stateless_normal([n, 2], [0, 0])).numpy()
    counts = np.bincount(k, minlength=5)
    assert scipy.stats.chisquare(counts, n * np.exp(logits) / np.exp(logits).sum()).pvalue > 1e-3


@pytest.mark.parametrize("noise", [0.0, 40.0])
def test_the_ends_of_the_noise_choose_a_component(noise):
    """exp(0) = 1 and exp(-1600) = 0 in float32."""
    for size in (1, 7, 500):
        k = from_normal(tf.zeros(size), tf.fill([3, 2], noise)).numpy()
        np.testing.assert_array_equal(k, 3 * [size - 1 if noise == 0 else 0])


def test_a_new_mixture_is_about_a_standard_normal():
    prior = MixtureOfNormals(5, num_components=400)
    loc, scale = prior.moments()
    np.testing.assert_allclose(loc, np.zeros(5), atol=5 * np.sqrt(0.5 / 400))
    np.testing.assert_allclose(scale, np.ones(5), atol=5 * 0.25 * np.sqrt(2 / 400))
    assert len(np.unique(prior.loc.numpy()[:, 0])) > 390
