"""Residual bodies."""

import numpy as np
import pytest

from keras_vae import networks
from keras_vae._compat import tf
from tests import tiny

SIZES = [(7, 5, 1), (9, 9, 3), (28, 20, 1), (8, 8, 1)]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_halved_rounding_up_and_back(size):
    quarter = tuple(-(-n // 4) for n in size[:2])
    encoder, decoder = networks.resnet_encoder((4, 6), 1), networks.resnet_decoder(size, (4, 6), 1)
    assert encoder(normal(2, *size)).shape == (2, *quarter, 6)
    assert decoder(normal(2, 3)).shape == (2, *size[:2], 4)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_new_residual_block_is_the_identity(activation):
    block = networks.ResidualBlock(3, activation)
    x = normal(2, 7, 5, 3)
    np.testing.assert_array_equal(block(x), x)
    # The block can leave the identity: its last convolution has a gradient.
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(x) ** 2)
    grads = tape.gradient(loss, block.trainable_variables)
    assert any(np.abs(g).max() > 0 for g in grads)


def test_a_residual_block_is_its_formula():
    """x + conv(act(conv(act(x)))), He et al. 2016, fig. 4 (e)."""
    block = networks.ResidualBlock(3, "elu")
    x = normal(2, 7, 5, 3)
    block(x)
    tiny.randomize(block)
    k1, b1, k2, b2 = block.get_weights()
    inner = tf.nn.elu(tf.nn.conv2d(tf.nn.elu(x), k1, 1, "SAME") + b1)
    wanted = x + tf.nn.conv2d(inner, k2, 1, "SAME") + b2
    np.testing.assert_allclose(block(x), wanted, rtol=1e-5, atol=1e-6)


def test_attention_stands_at_the_smallest_size():
    """After the encoder's last block, before the decoder's first."""
    encoder = networks.resnet_encoder((4, 6), 1, attention_heads=2)
    decoder = networks.resnet_decoder((7, 5, 1), (4, 6), 1, attention_heads=2)
    kinds = [type(layer).__name__ for layer in encoder.layers]
    assert kinds[-3:] == ["ResidualBlock", "SelfAttention", "Activation"]
    kinds = [type(layer).__name__ for layer in decoder.layers]
    assert kinds[:4] == ["Dense", "Reshape", "SelfAttention", "ResidualBlock"]
    assert kinds.count("SelfAttention") == 1
