"""The KL that reaches the losses is the mean over examples, whatever the batch, L and replicas.

(tfpl.KLDivergenceAddLoss adds the sum over the batch when exact and the mean when sampled.)
"""

import numpy as np
import pytest

from keras_vae import objectives, rate
from keras_vae._compat import tf, tfd
from keras_vae.batches import Batch
from tests import tiny

BATCH_SIZES, NUM_SAMPLES = [1, 7, 128], [1, 8]
BETA = 0.7


def make(posterior, kl):
    model = tiny.randomize(tiny.vae(posterior=posterior))
    model.compile(objective=objectives.SGVB(kl=kl))
    model.beta.assign(BETA)
    return model


@pytest.fixture(scope="module", params=["diagonal", "full_covariance"])
def analytic(request):
    return make(request.param, "analytic")


@pytest.fixture(scope="module", params=["diagonal", "full_covariance"])
def sampled(request):
    return make(request.param, "sampled")


@pytest.fixture(scope="module", params=["analytic", "sampled"])
def replicated(request, two_replicas):
    with two_replicas.scope():
        return make("diagonal", request.param)


def tfds_kl(model, x):
    """KL(q(z|x) || N(0, I)) per example, [B], by tfd, between two multivariate normals."""
    q = model.encode(x)
    if isinstance(q.tensor_distribution, tfd.Independent):
        scale_tril = tf.linalg.diag(q.stddev())
    else:
        scale_tril = q.scale_tril
    d = model.latent_dim
    prior = tfd.MultivariateNormalTriL(tf.zeros(d), tf.eye(d))
    return tfd.MultivariateNormalTriL(q.mean(), scale_tril).kl_divergence(prior).numpy()


def added(model, x, noise):
    """(terms, what a call adds to the losses)."""
    terms = model(Batch(x, noise))
    (loss,) = model.losses
    return terms, loss


@pytest.mark.parametrize("num_samples", NUM_SAMPLES)
@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_exact_kl_is_beta_times_tfds_mean(analytic, batch_size, num_samples):
    x = tiny.images(batch_size)
    terms, loss = added(analytic, x, tiny.noise(analytic, num_samples, batch_size))
    wanted = tfds_kl(analytic, x)
    np.testing.assert_allclose(loss, BETA * wanted.mean(), rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(terms.kl, -1), wanted, rtol=1e-5)
    np.testing.assert_allclose(terms.rate, wanted, rtol=1e-5)


@pytest.mark.parametrize("num_samples", NUM_SAMPLES)
@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_sampled_kl_is_beta_times_the_mean_at_the_given_noise(sampled, batch_size, num_samples):
    x = tiny.images(batch_size)
    terms, loss = added(sampled, x, tiny.noise(sampled, num_samples, batch_size))
    wanted = (terms.log_posterior - terms.log_prior).numpy()
    assert wanted.shape == (num_samples, batch_size)
    np.testing.assert_allclose(loss, BETA * wanted.mean(), rtol=1e-4)


def test_sampled_kl_is_tfds_mean_in_expectation(sampled):
    x, num_samples = tiny.images(7), 4000
    terms, loss = added(sampled, x, tiny.noise(sampled, num_samples, 7))
    per_sample = (terms.log_posterior - terms.log_prior).numpy().mean(axis=1)
    error = per_sample.std() / np.sqrt(num_samples)
    assert abs(loss / BETA - tfds_kl(sampled, x).mean()) < 4 * error


@pytest.mark.parametrize("num_samples", NUM_SAMPLES)
@pytest.mark.parametrize("per_replica", BATCH_SIZES)
def test_two_replicas_add_the_mean_of_all_examples(
    replicated, two_replicas, per_replica, num_samples
):
    x = tiny.images(2 * per_replica)
    noise = tiny.noise(replicated, num_samples, 2 * per_replica)

    def rows(tensor, axis):
        parts = tf.split(tensor, 2, axis)
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    losses = two_replicas.run(
        lambda x, noise: added(replicated, x, noise)[1], (rows(x, 0), rows(noise, 1))
    )
    mean = np.mean(two_replicas.experimental_local_results(losses))
    if replicated.uses_analytic_kl:
        wanted = tfds_kl(replicated, x).mean()
    else:
        terms = replicated.terms(x, noise)
        wanted = np.mean(terms.log_posterior - terms.log_prior)
    np.testing.assert_allclose(mean, BETA * wanted, rtol=1e-4)


def test_beta_zero_adds_nothing(analytic):
    analytic.beta.assign(0.0)
    assert added(analytic, tiny.images(7), tiny.noise(analytic, 1, 7))[1] == 0.0
    analytic.beta.assign(BETA)


def test_only_the_models_call_adds_the_kl(analytic):
    x, noise = tiny.images(7), tiny.noise(analytic, 1, 7)
    _, loss = added(analytic, x, noise)
    analytic.encode(x)
    analytic.terms(x, noise)
    analytic.reconstruct(x)
    assert [float(t) for t in analytic.losses] == [float(loss)]


def test_the_kl_is_per_latent_where_it_factorises_and_else_one_group():
    x = tiny.images(7)
    for posterior, groups in [("diagonal", 3), ("full_covariance", 1)]:
        model = tiny.vae(posterior=posterior)
        assert model.terms(x, tiny.noise(model, 2, 7)).kl.shape == (7, groups)


def test_kl_per_latent_by_hand():
    """KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1) / 2 - log s; Kingma & Welling 2014, app. B."""
    loc, scale = np.float32([[0.5, -2.0]]), np.float32([[0.3, 1.7]])
    q = tfd.Independent(tfd.Normal(loc, scale), 1)
    p = tfd.Independent(tfd.Normal(tf.zeros(2), 1.0), 1)
    wanted = (loc**2 + scale**2 - 1) / 2 - np.log(scale)
    np.testing.assert_allclose(rate.analytic_kl(q, p), wanted, rtol=1e-6)


def test_no_closed_form_is_found_out():
    normal = tfd.Independent(tfd.Normal(tf.zeros(2), 1.0), 1)
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(logits=tf.zeros(3)), tfd.Independent(tfd.Normal(tf.zeros([3, 2]), 1.0), 1)
    )
    assert rate.has_analytic_kl(normal, normal)
    assert not rate.has_analytic_kl(normal, mixture)
    with pytest.raises(NotImplementedError):
        rate.analytic_kl(normal, mixture)
