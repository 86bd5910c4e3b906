"""RootMeanSquareLimit, alone and before a residual block's activation."""

import numpy as np
import pytest

from keras_vae import networks
from keras_vae._compat import tf
from tests import tiny


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e15])
def test_the_root_mean_square_of_each_place_stays_below_ten(size):
    x = (size * np.random.default_rng(0).normal(size=(2, 4, 3, 5))).astype(np.float32)
    wanted = x / np.sqrt(1.0 + np.mean(np.square(np.float64(x) / 10.0), -1, keepdims=True))
    found = networks.RootMeanSquareLimit()(x).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert np.all(np.mean(found**2, -1) < 100.0 + 1e-3)


def test_in_bfloat16_its_squares_are_summed_in_float32():
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 3, 3, 500)), tf.bfloat16)
    found = networks.RootMeanSquareLimit(dtype="bfloat16")(x)
    assert found.dtype == tf.bfloat16
    wanted = networks.RootMeanSquareLimit()(tf.cast(x, tf.float32))
    np.testing.assert_allclose(tf.cast(found, tf.float32), wanted, rtol=2**-7)


def test_a_limited_block_adds_the_same_however_large_its_input():
    block = networks.ResidualBlock(3, "elu", limited=True)
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype(np.float32)
    block(x)
    tiny.randomize(block)
    added = block.body(1e4 * x)
    np.testing.assert_allclose(added, block.body(1e6 * x), rtol=1e-3, atol=1e-3)
    again = networks.ResidualBlock.from_config(block.get_config())
    again(x)
    again.set_weights(block.get_weights())
    np.testing.assert_array_equal(again(x), block(x))
