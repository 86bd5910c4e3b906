"""Residual dense bodies."""

import numpy as np

from keras_vae import networks
from keras_vae._compat import tf, tfk
from tests import tiny

X = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)


def residual():
    return networks.Residual(networks.mlp((6, 4), "tanh"), 4)


def test_a_new_one_is_linear():
    body = residual()
    np.testing.assert_allclose(body(2 * X), 2 * body(X), rtol=1e-6)
    np.testing.assert_allclose(body(X), X @ body.shortcut.get_weights()[0], rtol=1e-5, atol=1e-6)
    # The body can become nonlinear: its gain has a gradient.
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(body(X) ** 2)
    assert (tape.gradient(loss, body.gain).numpy() != 0).all()


def test_it_is_its_formula():
    body = residual()
    body(X)
    tiny.randomize(body)
    wanted = X @ body.shortcut.get_weights()[0] + body.gain.numpy() * body.body(X)
    np.testing.assert_allclose(body(X), wanted, rtol=1e-5, atol=1e-6)


def test_its_config_makes_it_again():
    body = residual()
    body(X)
    tiny.randomize(body)
    copy = tfk.saving.deserialize_keras_object(tfk.saving.serialize_keras_object(body))
    copy(X)
    copy.set_weights(body.get_weights())
    np.testing.assert_array_equal(copy(X), body(X))
