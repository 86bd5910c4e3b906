"""Network bodies: shapes for any image size, one function for training and evaluation."""

import numpy as np
import pytest

from keras_vae import Decoder, Encoder, build, networks, posteriors
from keras_vae._compat import tf, tfk
from keras_vae.build import NETWORKS
from keras_vae.likelihoods import Bernoulli
from tests import tiny

SIZES = [(7, 5, 1), (9, 9, 3), (28, 20, 1), (8, 8, 1)]


def features(body, shape):
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    return body(x)


@pytest.mark.parametrize("size", SIZES)
def test_encoders_halve_rounding_up(size):
    quarter = tuple(-(-n // 4) for n in size[:2])
    assert features(networks.conv_encoder((4, 6)), size).shape == (2, *quarter, 6)
    assert features(networks.resnet_encoder((4, 6), 1), size).shape == (2, *quarter, 6)
    assert features(networks.mlp((8, 5)), size).shape == (2, 5)
    assert features(networks.linear(), size).shape == (2, np.prod(size))


@pytest.mark.parametrize("size", SIZES)
def test_decoders_end_at_the_images_size(size):
    assert features(networks.conv_decoder(size, (4, 6)), (3,)).shape == (2, *size[:2], 4)
    assert features(networks.resnet_decoder(size, (4, 6), 1), (3,)).shape == (2, *size[:2], 4)
    assert features(networks.mlp((8, 5)), (3,)).shape == (2, 5)
    assert features(networks.linear(), (3,)).shape == (2, 3)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_training_and_evaluation_compute_the_same(network):
    model = tiny.config(network=network).model
    for body, shape in zip(NETWORKS[network], [tiny.EVENT_SHAPE, (3,)], strict=True):
        body = body(model)
        x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
        body(x)
        tiny.randomize(body)
        np.testing.assert_array_equal(body(x, training=True), body(x, training=False))
        assert len(body.non_trainable_variables) == 0


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_new_residual_block_is_the_identity(activation):
    block = networks.ResidualBlock(3, activation)
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(block(x), x)
    # It can leave the identity: its last convolution has a gradient.
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(x) ** 2)
    grads = tape.gradient(loss, block.trainable_variables)
    assert any(np.abs(g).max() > 0 for g in grads)


def test_a_residual_block_is_its_formula():
    """x + conv(act(conv(act(x)))), He et al. 2016, fig. 4 (e)."""
    block = networks.ResidualBlock(3, "elu")
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype(np.float32)
    block(x)
    tiny.randomize(block)
    k1, b1, k2, b2 = block.get_weights()
    inner = tf.nn.elu(tf.nn.conv2d(tf.nn.elu(x), k1, 1, "SAME") + b1)
    wanted = x + tf.nn.conv2d(inner, k2, 1, "SAME") + b2
    np.testing.assert_allclose(block(x), wanted, rtol=1e-5, atol=1e-6)


def test_the_linear_network_has_no_weights_of_its_own():
    body = networks.linear()
    features(body, (3, 2, 1))
    assert body.count_params() == 0


def test_the_usual_convolutional_decoder_has_the_usual_number_of_weights():
    """The decoder that ships: D = 16, filters 32-64, 28x28x1."""
    config = tiny.config(
        network="conv", filters=(32, 64), latent_dim=16, event_shape=(28, 28, 1), levels=256
    )
    assert build(config).decoder.count_params() == 108_993


def test_any_keras_layer_serves_as_a_body():
    encoder = Encoder(tfk.layers.Dense(4), posteriors.DiagonalNormal(2))
    assert encoder(tf.zeros([3, *tiny.EVENT_SHAPE])).event_shape == (2,)
    decoder = Decoder(tfk.layers.Dense(4), Bernoulli(tiny.EVENT_SHAPE))
    assert decoder(tf.zeros([3, 2])).event_shape == tiny.EVENT_SHAPE
