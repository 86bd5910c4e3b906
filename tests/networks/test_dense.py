"""Dense bodies against numpy."""

import functools

import numpy as np

from keras_vae import networks
from keras_vae.networks.bayesian import BayesianDense
from tests import tiny


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_the_linear_network_has_no_weights_of_its_own():
    body = networks.linear()
    assert body(normal(2, 3, 2, 1)).shape == (2, 6)
    assert body.count_params() == 0


def test_the_mlp_is_its_formula():
    body = networks.mlp((4, 2), "tanh")
    x = normal(3, 7, 5, 1)
    body(x)
    tiny.randomize(body)
    w1, b1, w2, b2 = body.get_weights()
    wanted = np.tanh(np.tanh(x.reshape(3, -1) @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(body(x), wanted, rtol=1e-4, atol=1e-5)


def test_gated_layers_are_their_formula():
    """(x W + b) * sigmoid(x V + c), with nothing else on either side."""
    body = networks.gated_mlp((4, 2))
    x = normal(3, 7, 5, 1)
    body(x)
    tiny.randomize(body)
    wanted = x.reshape(3, -1).astype(np.float64)
    weights = body.get_weights()
    for kernel, bias in [weights[:2], weights[2:]]:
        (w, v), (b, c) = np.split(kernel, 2, axis=1), np.split(bias, 2)
        wanted = (wanted @ w + b) / (1 + np.exp(-(wanted @ v + c)))
    np.testing.assert_allclose(body(x), wanted, rtol=1e-4, atol=1e-5)


def test_the_published_gated_network_has_its_number_of_weights():
    """Two layers of 300 for MNIST: twice (784 + 1) 300 + (300 + 1) 300."""
    body = networks.gated_mlp()
    body(normal(1, 28, 28, 1))
    assert body.count_params() == 2 * (785 * 300 + 301 * 300)


def test_gated_layers_may_be_bayesian():
    body = networks.gated_mlp((4, 2), functools.partial(BayesianDense, num_examples=10))
    assert body(normal(3, 5)).shape == (3, 2)
    layers = [layer for layer in body.layers if isinstance(layer, BayesianDense)]
    assert [layer.units for layer in layers] == [8, 4]
    assert layers[0].get_config()["kernel_initializer"] == "he_normal"
    assert BayesianDense.from_config(layers[0].get_config()).kernel_initializer == "he_normal"
    # Initial means are He's, sqrt(2 / fan_in), cut off at two standard deviations and rescaled.
    wide = networks.gated_mlp((300,), functools.partial(BayesianDense, num_examples=10))
    wide(normal(1, 200))
    kernel = wide.layers[1].dense.kernel_posterior.mean()[:-1]
    np.testing.assert_allclose(np.std(kernel), 0.1, rtol=0.02)  # 120,000 weights.
