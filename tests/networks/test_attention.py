"""SelfAttention against attention written out in numpy."""

import numpy as np
import pytest
import scipy.special

from keras_vae._compat import tf
from keras_vae.networks import SelfAttention
from tests import tiny


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def drawn(x, heads=2):
    """A layer with weights drawn anew, the gain too."""
    layer = SelfAttention(heads)
    layer(x)
    return tiny.randomize(layer)


def normalised(x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def written_out(x, layer):
    """x [B, T, F], Vaswani et al. 2017, eq. 1, head by head."""
    scale, shift = layer.norm.get_weights()
    query, key, value, out = layer.attention.get_weights()
    y = scale * normalised(x) + shift
    total = np.zeros_like(x)
    for h in range(layer.heads):
        q, k, v = (y @ w[:, h] for w in (query, key, value))
        weights = scipy.special.softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]), axis=-1)
        total += weights @ v @ out[h]
    return x + layer.gain.numpy() * total


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_it_is_its_formula(heads):
    x = normal(2, 5, 6)
    layer = drawn(x, heads)
    np.testing.assert_allclose(layer(x), written_out(x, layer), rtol=1e-4, atol=1e-5)


def test_pixels_are_positions():
    x = normal(2, 3, 5, 6)
    layer = drawn(x)
    wanted = written_out(x.reshape(2, 15, 6), layer).reshape(x.shape)
    np.testing.assert_allclose(layer(x), wanted, rtol=1e-4, atol=1e-5)


def test_a_new_layer_is_the_identity_and_can_leave_it():
    layer, x = SelfAttention(2), normal(2, 5, 6)
    np.testing.assert_array_equal(layer(x), x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 3)
    assert np.abs(tape.gradient(loss, layer.gain)) > 0


def test_it_does_not_know_the_order():
    """The output of permuted positions is the permuted output."""
    x = normal(2, 7, 6)
    layer = drawn(x)
    order = np.random.default_rng(1).permutation(7)
    np.testing.assert_allclose(layer(x[:, order]), layer(x).numpy()[:, order], rtol=1e-4, atol=1e-5)


def test_every_position_sees_every_other():
    x = normal(1, 4, 6)
    layer = drawn(x)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(x))
        y = layer(x)
    jacobian = np.abs(tape.jacobian(y, x).numpy()[0, :, :, 0])  # [T, F, T, F]
    assert (jacobian.max(axis=(1, 3)) > 0).all()


def test_more_heads_than_channels_have_one_channel_each():
    x = normal(2, 5, 3)
    layer = drawn(x, heads=4)
    assert layer.attention.get_weights()[0].shape == (3, 4, 1)
    np.testing.assert_allclose(layer(x), written_out(x, layer), rtol=1e-4, atol=1e-5)
