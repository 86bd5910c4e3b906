"""Transformer bodies: blocks, positions, and what sees what."""

import numpy as np
import pytest

from keras_vae import networks
from keras_vae._compat import tf
from keras_vae.networks import Positions, TransformerBlock
from tests import tiny


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def drawn(body, x):
    body(x)
    return tiny.randomize(body)


def without_positions(body):
    """The body with every position's own vector at zero."""
    (positions,) = [layer for layer in body.layers if isinstance(layer, Positions)]
    positions.table.assign(tf.zeros_like(positions.table))
    return body


def test_a_new_block_is_the_identity_and_can_leave_it():
    block, x = TransformerBlock(2), normal(2, 5, 6)
    np.testing.assert_array_equal(block(x), x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(x) ** 3)
    last = block.body.layers[-1]
    for gradient in tape.gradient(loss, [block.attention.gain, last.kernel]):
        assert np.abs(gradient).max() > 0


def test_a_block_is_its_formula():
    """y = x + attention, then y + dense(tanh(dense(norm(y)))); attention has a test of its own."""
    x = normal(2, 5, 6)
    block = drawn(TransformerBlock(2, "tanh"), x)
    y = block.attention(x).numpy()
    scale, shift, w1, b1, w2, b2 = block.body.get_weights()
    assert w1.shape == (6, 24)
    centred = y - y.mean(-1, keepdims=True)
    norm = scale * centred / np.sqrt(y.var(-1, keepdims=True) + 1e-5) + shift
    wanted = y + np.tanh(norm @ w1 + b1) @ w2 + b2
    np.testing.assert_allclose(block(x), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden", [(6,), (6, 6), (6, 4, 4)])
def test_blocks_have_the_width_they_are_told(hidden):
    x, z = normal(2, 5, 3), normal(2, 4)
    assert networks.transformer_encoder((5, 3), hidden, 2)(x).shape == (2, hidden[-1])
    decoder = networks.transformer_decoder((5, 3), hidden, 2)
    assert decoder(z).shape == (2, 5, hidden[0])
    assert sum(isinstance(layer, TransformerBlock) for layer in decoder.layers) == len(hidden)


def test_the_encoder_sees_the_order_by_positions_alone():
    x = normal(2, 5, 3)
    order = np.array([3, 1, 4, 0, 2])
    body = drawn(networks.transformer_encoder((5, 3), (6,), 2), x)
    assert np.abs(body(x) - body(x[:, order])).max() > 1e-3
    body = without_positions(body)
    np.testing.assert_allclose(body(x), body(x[:, order]), rtol=1e-4, atol=1e-5)


def test_every_step_of_the_decoder_depends_on_z_and_on_its_position():
    z = normal(1, 4)
    body = drawn(networks.transformer_decoder((5, 3), (6,), 2), z)
    with tf.GradientTape() as tape:
        tape.watch(z := tf.constant(z))
        y = body(z)
    jacobian = np.abs(tape.jacobian(y, z).numpy()[0, :, :, 0])  # [T, F, D]
    assert (jacobian.max(axis=1) > 0).all()
    steps = y.numpy()[0]
    assert min(np.abs(steps[i] - steps[j]).max() for i in range(5) for j in range(i)) > 1e-3
    steps = without_positions(body)(z).numpy()[0]
    np.testing.assert_allclose(steps, steps[:1].repeat(5, axis=0), rtol=1e-4, atol=1e-5)


def test_new_positions_differ():
    table = Positions()(np.zeros([1, 5, 6], np.float32)).numpy()[0]
    assert min(np.abs(table[i] - table[j]).max() for i in range(5) for j in range(i)) > 0
