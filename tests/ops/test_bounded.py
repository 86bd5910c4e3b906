"""bounded: hardly anything to small numbers, and never beyond 20."""

import numpy as np

from keras_vae._compat import tf
from keras_vae.ops.bounded import bounded


def test_small_numbers_are_left_and_large_ones_bounded():
    x = np.array([0.0, 0.5, -3.0, 20.0, 1e4, -1e15])
    found = bounded(tf.constant(x, tf.float32)).numpy()
    np.testing.assert_allclose(found, x / np.sqrt(1.0 + (x / 20.0) ** 2), rtol=1e-6)
    np.testing.assert_allclose(found[:3], x[:3], rtol=0.0113)
    assert np.all(np.abs(found) <= 20.0)


def test_every_number_has_a_gradient():
    x = tf.constant([0.0, -5.0, 100.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = bounded(x)
    np.testing.assert_allclose(tape.gradient(y, x), (1.0 + (x / 20.0) ** 2) ** -1.5, rtol=1e-5)
