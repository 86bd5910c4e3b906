"""The linear model has closed forms: p(x) = N(b, W W^T + s^2 I).

With a linear decoder and normal likelihood, the VAE is probabilistic PCA (Tipping & Bishop 1999);
its optimal bound is tight (Lucas et al. 2019, Don't blame the ELBO!).
"""

import numpy as np
import pytest
import scipy.stats
from sklearn import datasets, decomposition

import keras_vae
from keras_vae import data, seeds
from keras_vae._compat import tf
from keras_vae.inference.importance import ImportanceSampler
from tests import tiny


@pytest.fixture(scope="module")
def digits():
    """[1797, 8, 8, 1], k / 16."""
    return (datasets.load_digits().images[..., np.newaxis] / 16.0).astype(np.float32)


@pytest.fixture(scope="module")
def flat(digits):
    return digits.reshape(len(digits), -1).astype(np.float64)


# The linear model at the optimum of probabilistic PCA ----------------------------------------


@pytest.fixture(scope="module")
def pca(flat):
    return decomposition.PCA(n_components=5).fit(flat)


@pytest.fixture(scope="module")
def optimum(pca):
    """The VAE with W = U (Lambda - s^2 I)^1/2, b the mean; q(z|x) is the exact posterior.

    Columns of W are orthogonal, so the posterior N(M^-1 W^T (x - b), s^2 M^-1), with
    M = W^T W + s^2 I = Lambda, is diagonal (Tipping & Bishop 1999, eq. 6 to 8).
    """
    variance, noise_variance = pca.explained_variance_, pca.noise_variance_
    weights = pca.components_.T * np.sqrt(variance - noise_variance)  # [D_x, D]
    matrix = weights / variance
    encoder = (matrix, -pca.mean_ @ matrix, np.sqrt(noise_variance / variance))
    return tiny.linear_normal(weights, pca.mean_, np.sqrt(noise_variance), (8, 8, 1), encoder)


def test_the_bound_is_tight_at_the_optimum_of_probabilistic_pca(optimum, pca, digits, flat):
    """log w = log p(x, z) - log q(z|x) is log p(x) at every z: per example, without any noise."""
    noise = tiny.noise(optimum, 2, len(digits))
    log_weight = optimum.terms(digits, noise).log_weight.numpy()
    exact = np.broadcast_to(pca.score_samples(flat), log_weight.shape)
    # (x - W z - b)^2 / s^2 of 64 pixels in float32: 64 * 2^-23 * up to a few hundred nats.
    np.testing.assert_allclose(log_weight, exact, atol=0.01)


def exact_noise(d, n):
    """[2 D, n, D]: points +-sqrt(D) e_j have the moments of N(0, I), up to the third.

    The bound of a linear model is quadratic in the noise: their mean is its expectation, exactly.
    """
    points = np.sqrt(d) * np.concatenate([np.eye(d), -np.eye(d)])
    return np.repeat(points[:, np.newaxis], n, axis=1).astype(np.float32)


def test_its_elbo_is_the_likelihood_of_probabilistic_pca(optimum, pca, digits, flat):
    terms = optimum.terms(digits, exact_noise(pca.n_components_, len(digits)))
    assert abs(float(tf.reduce_mean(terms.elbo_nats)) - pca.score(flat)) < 0.01


def test_the_gradient_vanishes_at_the_optimum(pca, digits, flat):
    """Of the expected bound, in all weights."""
    # The maximum-likelihood W and s divide by n, scikit-learn's by n - 1.
    n, d = len(flat), pca.n_components_
    variance = pca.explained_variance_ * (n - 1) / n
    noise_variance = pca.noise_variance_ * (n - 1) / n
    weights = pca.components_.T * np.sqrt(variance - noise_variance)
    matrix = weights / variance
    encoder = (matrix, -pca.mean_ @ matrix, np.sqrt(noise_variance / variance))
    model = tiny.linear_normal(weights, pca.mean_, np.sqrt(noise_variance), (8, 8, 1), encoder)
    noise = exact_noise(d, n)
    minus_elbo = lambda: -tf.reduce_mean(model.terms(digits, noise).elbo_nats)  # noqa: E731
    _, at_optimum = tiny.gradients(model, minus_elbo)
    decoder = model.decoder.projection.linear
    decoder.kernel.assign(1.1 * decoder.kernel)
    _, beside = tiny.gradients(model, minus_elbo)
    size = lambda grads: np.sqrt(sum((g**2).sum() for g in grads))  # noqa: E731
    # The limit is clear: a tenth off the optimum the gradient is a thousand times larger.
    assert size(at_optimum) < 1e-3 * size(beside)


# Training arrives there -----------------------------------------------------------------------


def trained(name, x, **options):
    """The recipe's model, trained as trainers.train does."""
    config = keras_vae.recipe(name, event_shape=(8, 8, 1), **options)
    size, epochs = config.training.batch_size, config.training.epochs
    vae = keras_vae.build(config, steps_per_epoch=len(x) // size)
    blocks = data.training_blocks(
        data.InMemory(x),
        batch_size=size,
        steps_per_block=50,
        epochs=epochs,
        seed=0,
        binarization="none",
        draw_noise=lambda seed: vae.draw_noise(seed, 1, size),
    )
    vae.fit(blocks, steps_per_epoch=len(blocks) // epochs, epochs=epochs, verbose=0)
    return vae


def test_the_trained_linear_vae_is_probabilistic_pca(pca, digits, flat):
    """Its exact bound is within 0.05 nats of the likelihood of the maximum-likelihood model."""
    d = pca.n_components_
    vae = trained("linear_vae", digits, latent_dim=d, learning_rate=0.03, epochs=200)
    terms = vae.terms(digits, exact_noise(d, len(digits)))
    gap = pca.score(flat) - float(tf.reduce_mean(terms.elbo_nats))
    # Never above the optimum, but for rounding and scikit-learn's n - 1.
    assert -1e-3 < gap < 0.05
    np.testing.assert_allclose(vae.decoder.likelihood.scale, np.sqrt(pca.noise_variance_), 0.01)


def test_the_trained_linear_autoencoder_is_pca(digits, flat):
    """Within 1% of the smallest reconstruction error that any linear code has."""
    pca = decomposition.PCA(n_components=10).fit(flat)
    smallest = ((pca.inverse_transform(pca.transform(flat)) - flat) ** 2).sum(1).mean()
    vae = trained("pca", digits, latent_dim=10, learning_rate=0.03, epochs=100)
    found = ((vae.reconstruct(digits).numpy() - digits) ** 2).sum((1, 2, 3)).mean()
    assert smallest * (1 - 1e-5) < found < 1.01 * smallest


# A linear model whose posterior is not exact --------------------------------------------------

EVENT_SHAPE, D = (4, 3, 1), 2


@pytest.fixture(scope="module")
def loose():
    """(model, its x [B, ...], exact log p(x) [B]): q is near the posterior, but not it."""
    rng = np.random.default_rng(0)
    weights, bias, scale = 0.5 * rng.normal(size=(12, D)), rng.normal(size=12), 0.5
    precision = weights.T @ weights / scale**2 + np.eye(D)
    covariance = np.linalg.inv(precision)
    matrix = weights @ covariance / scale**2
    # Wider than the posterior and a little off: weights of finite variance.
    q_scale = 1.5 * np.sqrt(np.diag(covariance))
    encoder = (matrix, -bias @ matrix + 0.3 * q_scale, q_scale)
    model = tiny.linear_normal(weights, bias, scale, EVENT_SHAPE, encoder)
    p = scipy.stats.multivariate_normal(bias, weights @ weights.T + scale**2 * np.eye(12))
    flat = p.rvs(40, random_state=1)
    x = flat.reshape(-1, *EVENT_SHAPE).astype(np.float32)
    return model, x, p.logpdf(x.reshape(len(x), -1))


def bounds(loose, num_samples, repeats):
    """[repeats]: the bound with k samples, averaged over the examples, of independent draws."""
    model, x, _ = loose
    sampler = ImportanceSampler(model, chunk_size=min(num_samples, 1000))
    found = sampler(np.tile(x, (repeats, 1, 1, 1)), num_samples, seeds.derive(num_samples))
    return found.log_likelihood.numpy().astype(np.float64).reshape(repeats, -1).mean(axis=1)


def test_the_bound_tightens_with_k_and_stays_below(loose):
    """Burda et al. 2016, theorem 1, in expectation: each step of k above its sampling error."""
    exact = loose[2].mean()
    found = {k: bounds(loose, k, repeats) for k, repeats in [(1, 400), (5, 100), (50, 40)]}
    mean = {k: v.mean() for k, v in found.items()}
    error = {k: v.std(ddof=1) / np.sqrt(len(v)) for k, v in found.items()}
    for few, many in [(1, 5), (5, 50)]:
        assert mean[many] - mean[few] > 4 * np.hypot(error[few], error[many])
    for k in found:
        assert mean[k] < exact + 4 * error[k]
    assert exact - mean[1] > 10 * error[1]


def test_one_sample_is_the_elbo_in_expectation(loose):
    """Burda et al. 2016: L_1 is the evidence lower bound."""
    model, x, _ = loose
    found = bounds(loose, 1, 400)
    n = 2000
    # Same expectation by another route: distortion by samples, KL in closed form.
    terms = model.terms(x, tiny.noise(model, n, len(x), seed=5))
    per_sample = (terms.log_likelihood.numpy() - terms.rate.numpy()).mean(axis=1)
    error = np.hypot(found.std(ddof=1) / np.sqrt(len(found)), per_sample.std() / np.sqrt(n))
    assert abs(found.mean() - per_sample.mean()) < 4 * error


def test_many_samples_reach_the_exact_likelihood(loose):
    model, x, exact = loose
    k = 20_000
    found = ImportanceSampler(model, chunk_size=5000)(x, k, seeds.derive(0))
    # Var(w) / E(w)^2 is k / ESS - 1; log of a mean has that / k as variance, half of it as bias.
    relative = (k / found.effective_sample_size.numpy() - 1) / k
    assert relative.max() < 1e-3
    difference = found.log_likelihood.numpy() - exact
    float32 = 1e-5 * np.abs(exact)
    assert (np.abs(difference) < 5 * np.sqrt(relative) + relative + float32).all()
    mean_error = np.sqrt(relative.sum()) / len(x)
    assert abs(difference.mean()) < 4 * mean_error + relative.mean() + float32.mean()


def test_log_likelihood_is_the_same_estimate(loose):
    model, x, exact = loose
    found = model.log_likelihood(x, num_samples=2000, seed=3).numpy()
    relative = 2000 / ImportanceSampler(model)(x, 2000, seeds.derive(1)).effective_sample_size - 1
    assert (np.abs(found - exact) < 5 * np.sqrt(relative / 2000) + 1e-4).all()


def test_the_effective_sample_size_measures_how_far_q_is_from_the_posterior(optimum, loose, digits):
    """All weights are equal where q is the posterior; then it is k."""
    k = 100
    sampler = ImportanceSampler(optimum)
    at_optimum = sampler(digits[:50], k, seeds.derive(0)).effective_sample_size.numpy()
    # Weights differ by rounding alone: 0.01 nats as above.
    np.testing.assert_allclose(at_optimum, k, rtol=1e-3)
    model, x, _ = loose
    off = ImportanceSampler(model)(x, k, seeds.derive(0)).effective_sample_size.numpy()
    assert off.max() < 0.9 * k
