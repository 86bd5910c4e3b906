"""Objectives, by hand."""

import numpy as np
import pytest
import scipy.special

from keras_vae import objectives
from keras_vae._compat import tf
from keras_vae.terms import Terms

GRADIENTS = ["plain", "stl", "dreg"]
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


@pytest.mark.parametrize(
    ("beta", "log_weight"), [(1.0, [[-2, -4], [-5, -9]]), (0.5, [[-1.5, -3], [-4, -7.5]])]
)
def test_importance_weighted_by_hand(beta, log_weight):
    """-log (1/2) sum_s p(x|z_s) (p(z_s) / q(z_s|x))^beta, Burda et al. 2016, eq. 8."""
    assert objectives.ImportanceWeighted().kl_loss is None
    loss = objectives.ImportanceWeighted(2)(TERMS, beta)
    np.testing.assert_allclose(loss, -np.log(np.exp(log_weight).mean(axis=0)), rtol=1e-6)


@pytest.mark.parametrize(
    ("objective", "bound"),
    [
        (objectives.SGVB("sampled"), [-2.35, -4.51]),
        (objectives.FreeBits(1.0), [-2.35, -4.51]),
        (objectives.ImportanceWeighted(2), np.log((np.exp([-2, -4]) + np.exp([-5, -9])) / 2)),
        (objectives.Reconstruction(), [-2.0, -4.0]),
    ],
)
def test_what_validation_compares(objective, bound):
    np.testing.assert_allclose(objective.bound(TERMS), bound, rtol=1e-6)


def test_the_posterior_is_stopped_where_its_score_is_not_wanted():
    stopped = {g: objectives.ImportanceWeighted(2, g).stop_posterior for g in GRADIENTS}
    assert stopped == {"plain": False, "stl": True, "dreg": True}
    assert not objectives.SGVB().stop_posterior


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_dreg_weighs_the_gradient_of_z_by_hand(beta):
    """1 - beta (1 - w), and so w at beta = 1 (Tucker et al. 2019, eq. 9)."""
    ratio = TERMS.log_prior - TERMS.log_posterior
    w = scipy.special.softmax(TERMS.log_likelihood + beta * ratio, axis=0)
    found = objectives.ImportanceWeighted(2, "dreg").gradient_weight(TERMS, beta)
    np.testing.assert_allclose(found, 1.0 - beta * (1.0 - w), rtol=1e-5)
    assert objectives.ImportanceWeighted(2, "stl").gradient_weight(TERMS, beta) is None


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
