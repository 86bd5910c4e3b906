"""Convolutional bodies: sizes, gates, and where attention stands."""

import numpy as np
import pytest

from keras_vae import build, networks
from keras_vae._compat import tf
from tests import tiny

SIZES = [(7, 5, 1), (9, 9, 3), (28, 20, 1), (8, 8, 1)]
ENCODERS = [networks.conv_encoder, networks.gated_conv_encoder]
DECODERS = [networks.conv_decoder, networks.gated_conv_decoder]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("size", SIZES)
def test_encoders_halve_rounding_up(size, encoder):
    quarter = tuple(-(-n // 4) for n in size[:2])
    assert encoder((4, 6))(normal(2, *size)).shape == (2, *quarter, 6)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("size", SIZES)
def test_decoders_end_at_the_images_size(size, decoder):
    assert decoder(size, (4, 6))(normal(2, 3)).shape == (2, *size[:2], 4)


def test_the_usual_decoder_has_the_usual_number_of_weights():
    """The decoder that ships: D = 16, filters 32-64, 28x28x1."""
    config = tiny.config(
        network="conv", filters=(32, 64), latent_dim=16, event_shape=(28, 28, 1), levels=256
    )
    assert build(config).decoder.count_params() == 108_993


def test_a_gated_convolution_is_its_formula():
    """(x * W + b) * sigmoid(x * V + c)."""
    body = networks.gated_conv_encoder((4,))
    x = normal(2, 7, 5, 1)
    body(x)
    tiny.randomize(body)
    kernel, bias = body.get_weights()
    (w, v), (b, c) = np.split(kernel, 2, axis=-1), np.split(bias, 2)
    h, gate = (tf.nn.conv2d(x, k, 2, "SAME") + a for k, a in [(w, b), (v, c)])
    np.testing.assert_allclose(body(x), h * tf.sigmoid(gate), rtol=1e-4, atol=1e-5)


def test_a_gated_decoder_is_its_formula():
    body = networks.gated_conv_decoder((6, 4, 1), (2,))
    z = normal(2, 3)
    body(z)
    tiny.randomize(body)
    dense, dense_bias, kernel, bias = body.get_weights()

    def gated(x):
        h, gate = np.split(x, 2, axis=-1)
        return h * tf.sigmoid(gate)

    x = gated(z @ dense + dense_bias).numpy().reshape(2, 3, 2, 2)
    wanted = gated(tf.nn.conv2d_transpose(x, kernel, [2, 6, 4, 4], 2, "SAME") + bias)
    np.testing.assert_allclose(body(z), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("number", [0, 1])
def test_attention_stands_at_the_smallest_size(number):
    """Of 7x5, halved twice: 2x2 positions of 6 channels."""
    for body, x in [
        (ENCODERS[number]((4, 6), attention_heads=2), normal(2, 7, 5, 1)),
        (DECODERS[number]((7, 5, 1), (4, 6), attention_heads=2), normal(2, 3)),
    ]:
        body(x)
        places = [
            i for i, layer in enumerate(body.layers) if isinstance(layer, networks.SelfAttention)
        ]
        assert len(places) == 1
        (place,) = places
        for layer in body.layers[:place]:
            x = layer(x)
        assert x.shape == (2, 2, 2, 6)
        assert body.layers[place].heads == 2


@pytest.mark.parametrize("decoder", [*DECODERS, networks.resnet_decoder])
@pytest.mark.parametrize("size", SIZES[:2])
def test_decoders_of_maps_end_at_the_images_size(size, decoder):
    quarter = tuple(-(-n // 4) for n in size[:2])
    body = decoder(size, (4, 6), of_maps=True)
    assert body(normal(2, *quarter, 3)).shape == (2, *size[:2], 4)
    assert body.weights[0].shape[:3] == (3, 3, 3)  # A convolution of the map.


def test_a_decoder_of_maps_is_its_formula():
    body = networks.conv_decoder((5, 4, 1), (2,), "tanh", of_maps=True)
    z = normal(2, 3, 2, 3)
    body(z)
    tiny.randomize(body)
    first, first_bias, kernel, bias = body.get_weights()
    x = np.tanh(tf.nn.conv2d(z, first, 1, "SAME") + first_bias)
    wanted = np.tanh(tf.nn.conv2d_transpose(x, kernel, [2, 6, 4, 2], 2, "SAME") + bias)
    np.testing.assert_allclose(body(z), wanted[:, :5], rtol=1e-4, atol=1e-5)
