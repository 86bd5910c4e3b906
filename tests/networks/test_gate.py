"""Gate against numpy."""

import numpy as np

from keras_vae.networks import Gate


def test_it_is_half_times_the_sigmoid_of_the_other_half():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 8)).astype(np.float32)
    h, g = x[..., :4], x[..., 4:]
    np.testing.assert_allclose(Gate()(x), h / (1 + np.exp(-g)), rtol=1e-5)


def test_it_opens_and_closes():
    x = np.array([[3.0, 3.0, 3.0, 100.0, -100.0, 0.0]], np.float32)
    np.testing.assert_allclose(Gate()(x), [[3.0, 0.0, 1.5]], atol=1e-6)
