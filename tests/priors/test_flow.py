"""Flow priors: the change of variables by TensorFlow's own Jacobians."""

import numpy as np
import pytest
import scipy.stats

from keras_vae._compat import tf
from keras_vae.networks.made import MADE
from keras_vae.priors import MAF, RealNVP


def randomized(layer, scale=0.5, seed=0):
    rng = np.random.default_rng(seed)
    for v in layer.trainable_variables:
        v.assign(scale * rng.normal(size=v.shape))
    return layer


@pytest.mark.parametrize("latent_dim", [2, 5])
@pytest.mark.parametrize("make", [RealNVP, MAF])
def test_the_density_is_the_noises_by_the_jacobian(make, latent_dim):
    """log p(z) = log N(noise) - log |det dz / dnoise|."""
    prior = randomized(make(latent_dim, num_layers=3, hidden=8), scale=0.4)
    noise = prior.draw_noise([0, 0], 20)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = prior.from_noise(noise)
    jacobian = tape.batch_jacobian(z, noise).numpy().astype(np.float64)
    wanted = scipy.stats.norm.logpdf(noise).sum(-1) - np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(prior.distribution().log_prob(z), wanted, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("make", [RealNVP, MAF])
def test_layers_compose_to_depend_on_all_noise(make):
    prior = randomized(make(4, num_layers=2 if make is MAF else 3, hidden=16), scale=1.0)
    noise = prior.draw_noise([0, 0], 50)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = prior.from_noise(noise)
    assert (np.abs(tape.batch_jacobian(z, noise)).max(0) > 0).all()


def test_a_coupling_layer_changes_the_half_that_the_next_one_keeps():
    noise = tf.random.stateless_normal([5, 5], [0, 0]).numpy()
    changed = []
    for keep in (0, 1):
        prior = RealNVP(5, num_layers=2, hidden=8)
        for i, network in enumerate(prior.networks):
            if i == keep:
                randomized(network)
        changed.append((prior.from_noise(noise).numpy() != noise).any(0).tolist())
    assert changed == [[False, False, True, True, True], [True, True, True, False, False]]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("hidden", [3, 32])
def test_made_computes_each_latents_parameters_from_those_before_it(hidden, backward):
    made = randomized(MADE(5, hidden, params=2, backward=backward))
    z = tf.random.stateless_normal([100, 5], [0, 0])
    with tf.GradientTape() as tape:
        tape.watch(z)
        parameters = made(z)  # [100, 5, 2]
    used = np.abs(tape.batch_jacobian(parameters, z)).max(0) > 0  # [5, 2, 5]
    before = np.tril(np.ones([5, 5], bool), -1)
    before = before.T if backward else before
    assert not used[:, 0][~before].any()
    assert not used[:, 1][~before].any()
    if hidden == 32:
        assert used[:, 0][before].all()
        assert used[:, 1][before].all()


def test_made_lets_each_latents_parameters_depend_on_the_context():
    made = randomized(MADE(3, hidden=32, params=2, context_size=2))
    z, context = (tf.random.stateless_normal([100, n], [0, n]) for n in (3, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([z, context])
        parameters = made(z, context)
    assert (np.abs(tape.batch_jacobian(parameters, context)).max(0) > 0).all()
    used = np.abs(tape.batch_jacobian(parameters, z)).max((0, 2)) > 0
    np.testing.assert_array_equal(used, np.tril(np.ones([3, 3], bool), -1))


@pytest.mark.parametrize("make", [RealNVP, MAF])
def test_large_weights_give_finite_draws(make):
    prior = randomized(make(4, num_layers=4, hidden=8), scale=30.0)
    z = prior.from_noise(prior.draw_noise([0, 0], 100))
    assert np.isfinite(z).all()


@pytest.mark.parametrize("hidden", [1, 3, 7, 12])
def test_made_of_few_units_heeds_every_latent(hidden):
    """The last latent's parameters depend on all others, however few units there are, and with two
    or more the first one's on the context."""
    made, conditional = randomized(MADE(8, hidden, params=1)), MADE(8, hidden, 1, context_size=2)
    randomized(conditional)
    z, context = (tf.random.stateless_normal([100, n], [0, n]) for n in (8, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([z, context])
        last = made(z)[:, -1, 0]
        first, last_given = (conditional(z, context)[:, i, 0] for i in (0, -1))
    before = [True] * 7 + [False]
    assert (np.abs(tape.gradient(last, z)).max(0) > 0).tolist() == before
    assert (np.abs(tape.gradient(last_given, z)).max(0) > 0).tolist() == before
    if hidden > 1:
        assert (np.abs(tape.gradient(first, context)).max(0) > 0).all()
