"""Estimators of one bound agree: the same value and gradient, exactly or in expectation."""

import numpy as np
import pytest
import scipy.stats

from keras_vae import objectives
from keras_vae._compat import tf
from keras_vae.blocks import Batch
from tests import tiny

BATCH_SIZE = 8


@pytest.fixture(scope="module", params=["diagonal", "full_covariance"])
def model(request):
    return tiny.randomize(tiny.vae(posterior=request.param, activation="tanh"))


def training_loss(model, objective, x, noise):
    """What train_step minimises, at the beta that the model holds."""
    model.compile(objective=objective)
    terms = model(Batch(x, noise))
    return tf.reduce_mean(objective(terms, model.beta)) + tf.add_n([0.0, *model.losses])


@pytest.mark.parametrize("num_samples", [1, 5])
def test_both_routes_of_the_kl_give_the_same_value_and_gradient(model, num_samples):
    """KL from model.losses against KL from Terms: estimators A and B of Kingma & Welling 2014."""
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, num_samples, BATCH_SIZE)
    from_terms = {
        "sampled": lambda: -tf.reduce_mean(model.terms(x, noise).log_weight),
        "analytic": lambda: -tf.reduce_mean(model.terms(x, noise).elbo_nats),
    }
    for kl, function in from_terms.items():
        value, grads = tiny.gradients(
            model, lambda kl=kl: training_loss(model, objectives.SGVB(kl), x, noise)
        )
        wanted, wanted_grads = tiny.gradients(model, function)
        np.testing.assert_allclose(value, wanted, rtol=1e-5)
        for g, w in zip(grads, wanted_grads, strict=True):
            # Sums of BATCH_SIZE * 35 terms, each rounded at 2^-24.
            np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5 * np.abs(w).max())


def test_free_bits_without_free_bits_is_the_bound():
    model = tiny.randomize(tiny.vae())
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 1, BATCH_SIZE)
    losses = [
        tiny.gradients(model, lambda o=o: training_loss(model, o, x, noise))
        for o in (objectives.FreeBits(nats=0.0), objectives.SGVB("analytic"))
    ]
    np.testing.assert_allclose(losses[0][0], losses[1][0], rtol=1e-6)
    for a, b in zip(losses[0][1], losses[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def draws_of_value_and_gradient(model, objective, x, num_draws, num_samples):
    """[num_draws, 1 + encoder weights]: the loss and its gradient, each at a noise of its own."""
    model.compile(objective=objective)
    variables = model.encoder.trainable_variables

    @tf.function
    def draw(noise):
        with tf.GradientTape() as tape:
            terms = model(Batch(x, noise))
            loss = tf.reduce_mean(objective(terms, model.beta)) + tf.add_n([0.0, *model.losses])
        grads = tape.gradient(loss, variables)
        return tf.concat([[loss], *(tf.reshape(g, [-1]) for g in grads)], 0)

    return np.stack(
        [draw(tiny.noise(model, num_samples, len(x), seed=i)) for i in range(num_draws)]
    ).astype(np.float64)


def test_sampled_and_analytic_kl_agree_in_expectation(model):
    """Paired at the same noise, their difference has mean zero in every coordinate."""
    num_draws = 300
    x = tiny.images(BATCH_SIZE)
    sampled, analytic = (
        draws_of_value_and_gradient(model, objectives.SGVB(kl), x, num_draws, num_samples=16)
        for kl in ("sampled", "analytic")
    )
    difference = sampled - analytic
    error = difference.std(axis=0, ddof=1) / np.sqrt(num_draws)
    assert (error > 0).all()
    # Chance of a false alarm, over all coordinates: 1e-6.
    bound = scipy.stats.t.isf(1e-6 / (2 * difference.shape[1]), num_draws - 1)
    assert (np.abs(difference.mean(axis=0)) < bound * error).all()
    # And the test could tell: the error is small beside the value and the gradient themselves.
    assert error[0] < 0.01 * abs(analytic[:, 0].mean())
    assert np.linalg.norm(error[1:]) < 0.05 * np.linalg.norm(analytic[:, 1:].mean(axis=0))


def test_more_samples_estimate_the_same_bound():
    """L samples are the mean of L single ones (Kingma & Welling 2014, eq. 8)."""
    model = tiny.randomize(tiny.vae())
    x, noise = tiny.images(BATCH_SIZE), tiny.noise(model, 5, BATCH_SIZE)
    objective = objectives.SGVB("sampled")
    one_by_one = [training_loss(model, objective, x, noise[s : s + 1]) for s in range(5)]
    np.testing.assert_allclose(
        training_loss(model, objective, x, noise), np.mean(one_by_one), rtol=1e-5
    )
