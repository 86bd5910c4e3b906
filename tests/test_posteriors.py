"""Posteriors: the path from noise to (z, log q) gives draws and densities of q."""

import numpy as np
import pytest
import scipy.stats

from keras_vae import posteriors, rate
from keras_vae._compat import tf, tfd

D = 3
TRIANGULAR = [posteriors.DiagonalNormal, posteriors.FullCovarianceNormal]
NORMALS = [*TRIANGULAR, posteriors.LowRankNormal]
ALL = [*NORMALS, posteriors.InverseAutoregressive, posteriors.Deterministic]


def noise_for(posterior, num_samples, n, seed):
    return tf.random.stateless_normal([num_samples, n, *posterior.noise_shape], [0, seed])


def distribution(posterior, n=4, seed=0):
    raw = np.random.default_rng(seed).normal(size=(n, posterior.params_size))
    return posterior(raw.astype(np.float32))


def covariance(q):
    """[B, D, D], by numpy: TFP has none for independent normals."""
    if isinstance(q.tensor_distribution, tfd.Independent):
        return q.variance().numpy()[:, :, np.newaxis] * np.eye(D)
    if hasattr(q, "cov_perturb_factor"):
        factor, diagonal = q.cov_perturb_factor.numpy(), q.cov_diag_factor.numpy()
        return diagonal[:, :, np.newaxis] * np.eye(D) + factor @ factor.swapaxes(1, 2)
    return np.einsum("bij,bkj->bik", q.scale_tril, q.scale_tril)


@pytest.mark.parametrize("make", NORMALS)
def test_log_q_is_scipys(make):
    posterior = make(D)
    q = distribution(posterior)
    z, log_q = posterior.from_noise(q, noise_for(posterior, 5, 4, 1))
    assert z.shape == (5, 4, D)
    for b in range(4):
        normal = scipy.stats.multivariate_normal(q.mean()[b], covariance(q)[b])
        np.testing.assert_allclose(log_q[:, b], normal.logpdf(z[:, b]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", TRIANGULAR)
def test_z_is_location_plus_scale_times_noise(make):
    """z = loc + L noise with L L^T the covariance, lower triangular, and positive diagonal."""
    posterior = make(D)
    q = distribution(posterior)
    noise = noise_for(posterior, 5, 4, 1).numpy()
    z, _ = posterior.from_noise(q, noise)
    scale = np.linalg.cholesky(covariance(q))
    wanted = q.mean().numpy() + np.einsum("bij,sbj->sbi", scale, noise)
    np.testing.assert_allclose(z, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", NORMALS)
def test_draws_have_the_mean_and_covariance_of_q(make):
    posterior = make(D)
    q = distribution(posterior, n=1)
    n = 20_000
    z = posterior.from_noise(q, noise_for(posterior, n, 1, 2))[0][:, 0].numpy()
    mean, cov = q.mean()[0].numpy(), covariance(q)[0]
    variance = np.diag(cov)
    assert (np.abs(z.mean(0) - mean) < 5 * np.sqrt(variance / n)).all()
    # Var of a normal sample covariance: (c_ii c_jj + c_ij^2) / n.
    error = np.sqrt((np.outer(variance, variance) + cov**2) / n)
    assert (np.abs(np.cov(z.T) - cov) < 5 * error).all()


@pytest.mark.parametrize("make", NORMALS)
def test_a_stopped_log_q_has_the_value_and_no_gradient_of_the_parameters(make):
    posterior = make(D)
    raw = np.random.default_rng(0).normal(size=(4, posterior.params_size))
    raw, z = tf.constant(raw, tf.float32), noise_for(posterior, 5, 4, 1)[..., :D]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([raw, z])
        log_q = posterior.distribution(raw).log_prob(z)
        stopped = posterior.stopped_log_prob(raw, z)
    np.testing.assert_array_equal(stopped, log_q)
    assert tape.gradient(stopped, raw) is None
    np.testing.assert_array_equal(tape.gradient(stopped, z), tape.gradient(log_q, z))


@pytest.mark.parametrize("make", NORMALS)
def test_all_parameters_are_used(make):
    posterior = make(D)
    raw = np.random.default_rng(0).normal(size=(1, posterior.params_size))
    raw = tf.constant(raw, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(raw)
        z, _ = posterior.from_noise(posterior(raw), tf.ones([1, 1, *posterior.noise_shape]))
        loss = tf.reduce_sum(z * [1.0, 2.0, 3.0])
    assert (tape.gradient(loss, raw).numpy() != 0).all()


@pytest.mark.parametrize("make", NORMALS)
def test_a_zero_output_is_a_standard_normal(make):
    posterior = make(D)
    q = posterior(tf.zeros([1, posterior.params_size]))
    np.testing.assert_array_equal(q.mean(), np.zeros((1, D)))
    np.testing.assert_allclose(covariance(q)[0], np.eye(D), atol=3e-5)  # 1e-5 floor, squared.


def test_the_deterministic_code_is_the_output_itself():
    posterior = posteriors.Deterministic(D)
    raw = np.random.default_rng(0).normal(size=(4, D)).astype(np.float32)
    z, log_q = posterior.from_noise(posterior(raw), noise_for(posterior, 2, 4, 0))
    np.testing.assert_array_equal(z, np.stack([raw, raw]))
    assert log_q is None
    assert not posterior.has_density


@pytest.mark.parametrize("make", ALL)
def test_extreme_network_outputs_give_finite_draws_densities_and_gradients(make):
    posterior = make(2)
    extremes = [s * v for v in (0.0, 1.0, 104.0, 1e4, 1e6) for s in (1, -1)]
    rows = np.random.default_rng(0).choice(extremes, (2000, posterior.params_size))
    raw = tf.constant(rows, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(raw)
        z, log_q = posterior.from_noise(posterior(raw), noise_for(posterior, 2, len(rows), 0))
        total = tf.reduce_sum(z) + (tf.reduce_sum(log_q) if posterior.has_density else 0.0)
    assert np.isfinite(z).all()
    assert log_q is None or np.isfinite(log_q).all()
    assert np.isfinite(tape.gradient(total, raw)).all()


@pytest.mark.parametrize("make", ALL)
def test_as_a_tensor_q_is_the_z_of_zero_noise(make):
    posterior = make(D)
    q = distribution(posterior)
    z, _ = posterior.from_noise(q, tf.zeros([1, 4, *posterior.noise_shape]))
    np.testing.assert_allclose(tf.convert_to_tensor(q), z[0], rtol=1e-6)


@pytest.mark.parametrize("make", ALL)
def test_latent_dim_below_one_is_refused(make):
    with pytest.raises(ValueError, match=r"latent_dim must be at least [12].*, got 0"):
        make(0)


def test_the_rank_is_that_of_the_covariances_part_that_is_not_diagonal():
    for rank in (1, 2):
        posterior = posteriors.LowRankNormal(D, rank)
        assert posterior.noise_shape == (D + rank,)
        q = distribution(posterior)
        part = q.covariance().numpy() - q.cov_diag_factor.numpy()[:, :, np.newaxis] * np.eye(D)
        assert (np.linalg.matrix_rank(part, tol=1e-4) == rank).all()
    with pytest.raises(ValueError, match="rank must be at least 1, got 0"):
        posteriors.LowRankNormal(D, rank=0)


def test_a_low_rank_of_nothing_is_the_diagonal():
    low_rank, diagonal = posteriors.LowRankNormal(D), posteriors.DiagonalNormal(D)
    raw = np.random.default_rng(0).normal(size=(4, low_rank.params_size)).astype(np.float32)
    raw[:, 2 * D :] = 0.0
    noise = noise_for(low_rank, 5, 4, 1)
    z, log_q = low_rank.from_noise(low_rank(raw), noise)
    wanted = diagonal.from_noise(diagonal(raw[:, : 2 * D]), noise[..., :D])
    np.testing.assert_allclose(z, wanted[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_q, wanted[1], rtol=1e-5, atol=1e-5)


def test_low_rank_kl_is_that_of_the_same_full_covariance():
    q = distribution(posteriors.LowRankNormal(D))
    loc, scale = tf.constant([0.5, -1.0, 0.0]), tf.constant([2.0, 0.5, 1.0])
    p = tfd.Independent(tfd.Normal(loc, scale), 1)
    full = tfd.MultivariateNormalTriL(q.mean(), np.float32(np.linalg.cholesky(covariance(q))))
    wanted = full.kl_divergence(tfd.MultivariateNormalDiag(loc, scale))
    np.testing.assert_allclose(rate.analytic_kl(q, p)[:, 0], wanted, rtol=1e-5)
