"""Gradients that differ from a value's own: the values stay, eagerly, in graphs and under XLA."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.ops.gradients import GradientWeight, without_weights

MODES = {
    "eager": lambda f: f,
    "graph": tf.function,
    "xla": lambda f: tf.function(f, jit_compile=True),
}
modes = pytest.mark.parametrize("mode", list(MODES))
Z = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)


@modes
def test_a_weight_scales_the_gradient_and_leaves_the_value(mode):
    """The weight comes from values that were computed with z; no gradient goes through it."""

    @MODES[mode]
    def value_and_gradient(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            weight = GradientWeight()
            y = weight.apply(z)
            squares = tf.reduce_sum(y**2, axis=-1)  # [S, B]
            weight.set(tf.nn.softmax(squares, axis=0))
            loss = tf.reduce_sum(squares)
        return y, tape.gradient(loss, z)

    y, gradient = value_and_gradient(tf.constant(Z))
    np.testing.assert_array_equal(y, Z)
    squares = np.exp((Z**2).sum(-1))
    weight = squares / squares.sum(0)
    np.testing.assert_allclose(gradient, 2 * Z * weight[..., np.newaxis], rtol=1e-5)


@modes
def test_a_weight_that_is_never_set_changes_nothing(mode):
    @MODES[mode]
    def gradient(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            loss = tf.reduce_sum(GradientWeight().apply(z) ** 2)
        return tape.gradient(loss, z)

    np.testing.assert_allclose(gradient(tf.constant(Z)), 2 * Z, rtol=1e-6)


@modes
def test_a_weight_is_no_part_of_the_gradient_on_the_other_side(mode):
    """What is computed from the weighted z, such as a decoder's weights, has its own gradient."""
    factor = tf.Variable(3.0)

    @MODES[mode]
    def gradient(z):
        with tf.GradientTape() as tape:
            weight = GradientWeight()
            loss = tf.reduce_sum(factor * weight.apply(z))
            weight.set(tf.fill([4, 3], 7.0))
        return tape.gradient(loss, factor)

    np.testing.assert_allclose(gradient(tf.constant(Z)), Z.sum(), rtol=1e-5)


@modes
def test_without_weights_the_argument_alone_has_a_gradient(mode):
    matrix = tf.Variable(np.random.default_rng(1).normal(size=(2, 5)).astype(np.float32))

    def function(z):
        return tf.tanh(z @ matrix) ** 2

    @MODES[mode]
    def both(z):
        found = []
        for f in (function, without_weights(function)):
            with tf.GradientTape() as tape:
                tape.watch(z)
                y = f(z)
                loss = tf.reduce_sum(y * y)
            found.append((y, *tape.gradient(loss, [z, matrix], unconnected_gradients="zero")))
        return found

    (y, dz, dw), (stopped_y, stopped_dz, stopped_dw) = both(tf.constant(Z))
    np.testing.assert_allclose(stopped_y, y, rtol=1e-6)
    np.testing.assert_allclose(stopped_dz, dz, rtol=1e-5, atol=1e-6)
    assert np.abs(dw).max() > 0.1
    np.testing.assert_array_equal(stopped_dw, np.zeros((2, 5)))
