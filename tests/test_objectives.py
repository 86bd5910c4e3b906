"""Objectives, by hand."""

import numpy as np
import pytest

from keras_vae import objectives
from keras_vae._compat import tf
from keras_vae.terms import Terms

# Two samples of two examples, two latents.
TERMS = Terms(
    z=tf.zeros([2, 2, 2]),
    log_likelihood=tf.constant([[-1.0, -2.0], [-3.0, -6.0]]),
    log_prior=tf.constant([[-5.0, -6.0], [-7.0, -8.0]]),
    log_posterior=tf.constant([[-4.0, -4.0], [-5.0, -5.0]]),
    kl=tf.constant([[0.05, 0.3], [0.01, 0.5]]),
)


def test_terms_by_hand():
    np.testing.assert_allclose(TERMS.distortion, [2.0, 4.0])
    np.testing.assert_allclose(TERMS.rate, [0.35, 0.51])
    np.testing.assert_allclose(TERMS._replace(kl=None).rate, [1.5, 2.5])
    np.testing.assert_allclose(TERMS.elbo_nats, [-2.35, -4.51])
    np.testing.assert_allclose(TERMS.log_weight, [[-2.0, -4.0], [-5.0, -9.0]])


@pytest.mark.parametrize("kl", ["auto", "analytic", "sampled"])
def test_sgvb_leaves_the_kl_to_the_models_losses(kl):
    objective = objectives.SGVB(kl)
    assert objective.kl_loss == kl
    np.testing.assert_allclose(objective(TERMS, 3.0), [2.0, 4.0])


def test_reconstruction_is_the_distortion():
    assert objectives.Reconstruction().kl_loss is None
    np.testing.assert_allclose(objectives.Reconstruction()(TERMS, 3.0), [2.0, 4.0])


def test_free_bits_by_hand():
    """sum_j max(mean_b KL_bj, lambda), Kingma et al. 2016, eq. 15; the means are 0.03, 0.4."""
    assert objectives.FreeBits().kl_loss is None
    loss = objectives.FreeBits(nats=0.1)(TERMS, beta=2.0)
    np.testing.assert_allclose(loss, np.array([2.0, 4.0]) + 2.0 * (0.1 + 0.4), rtol=1e-6)
    loss = objectives.FreeBits(nats=0.0)(TERMS, beta=2.0)
    np.testing.assert_allclose(loss, np.array([2.0, 4.0]) + 2.0 * (0.03 + 0.4), rtol=1e-6)


def test_free_latents_have_no_gradient_from_the_kl():
    kl = tf.Variable(TERMS.kl)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(objectives.FreeBits(nats=0.1)(TERMS._replace(kl=kl), 2.0))
    # Batch mean 0.03 of the first latent is free; the second's is d(2 * mean) / d kl.
    np.testing.assert_allclose(tape.gradient(loss, kl), [[0.0, 1.0], [0.0, 1.0]], rtol=1e-6)


def test_free_bits_without_a_kl_of_each_latent_frees_the_rate_of_all_together():
    """The sampled rates of the two examples are 1.5 and 2.5."""
    terms = TERMS._replace(kl=None)
    for nats, rate in [(0.5, 2.0), (3.0, 3.0)]:
        loss = objectives.FreeBits(nats)(terms, beta=2.0)
        np.testing.assert_allclose(loss, np.array([2.0, 4.0]) + 2.0 * rate, rtol=1e-6)
