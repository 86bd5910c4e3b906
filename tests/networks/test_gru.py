"""GRU bodies against the recurrence written out in numpy."""

import numpy as np

from keras_vae import networks
from keras_vae._compat import tf
from tests import tiny


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(x, kernel, recurrent, biases):
    """States [B, T, U] of x [B, T, P] (Cho et al. 2014, eq. 5 to 8, the reset after the product).

    Keras has the blocks in the order update, reset, candidate.
    """
    units = recurrent.shape[0]
    state, states = np.zeros([len(x), units]), []
    for t in range(x.shape[1]):
        a, r = x[:, t] @ kernel + biases[0], state @ recurrent + biases[1]
        update, reset = (sigmoid(a[:, i : i + units] + r[:, i : i + units]) for i in (0, units))
        candidate = np.tanh(a[:, 2 * units :] + reset * r[:, 2 * units :])
        state = update * state + (1 - update) * candidate
        states.append(state)
    return np.stack(states, axis=1)


def test_the_encoder_is_two_recurrences_and_their_last_states():
    body, x = networks.gru_encoder((6, 4), (3,)), normal(2, 6, 4)
    body(x)
    tiny.randomize(body)
    weights = body.get_weights()
    forward, backward = gru(x, *weights[:3]), gru(x[:, ::-1], *weights[3:])
    wanted = np.concatenate([forward[:, -1], backward[:, -1]], axis=1)
    np.testing.assert_allclose(body(x), wanted, rtol=1e-4, atol=1e-5)


def test_layers_of_the_encoder_hand_on_the_states_of_every_step():
    body, x = networks.gru_encoder((6, 4), (3, 2)), normal(2, 6, 4)
    body(x)
    tiny.randomize(body)
    w = body.get_weights()
    below = np.concatenate([gru(x, *w[:3]), gru(x[:, ::-1], *w[3:6])[:, ::-1]], axis=2)
    wanted = [gru(below, *w[6:9])[:, -1], gru(below[:, ::-1], *w[9:])[:, -1]]
    np.testing.assert_allclose(body(x), np.concatenate(wanted, axis=1), rtol=1e-4, atol=1e-5)


def test_the_decoder_is_given_z_at_every_step():
    body, z = networks.gru_decoder((6, 4), (3, 2)), normal(2, 5)
    body(z)
    tiny.randomize(body)
    w = body.get_weights()
    wanted = gru(gru(np.repeat(z[:, np.newaxis], 6, axis=1), *w[:3]), *w[3:])
    assert body(z).shape == (2, 6, 3)
    np.testing.assert_allclose(body(z), wanted, rtol=1e-4, atol=1e-5)


def test_every_step_moves_the_encoder():
    body, x = networks.gru_encoder((6, 4), (3,)), tf.constant(normal(1, 6, 4))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(body(x))
    assert (np.abs(tape.gradient(y, x)).max(axis=(0, 2)) > 0).all()
