"""The moving average of weights, by hand."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.training.moving_average import MovingAverage
from tests import tiny


def test_values_by_hand():
    """a <- keep a + (1 - keep) v with keep = min(decay, (1 + step) / (10 + step))."""
    v = tf.Variable([1.0, 2.0])
    ema = MovingAverage([v], decay=0.3)
    v.assign([3.0, 0.0])
    ema.update(1)  # keep = 2 / 11
    first = np.array([1.0, 2.0]) * 2 / 11 + np.array([3.0, 0.0]) * 9 / 11
    np.testing.assert_allclose(ema.averages[0], first, rtol=1e-6)
    ema.update(tf.constant(100, tf.int64))  # keep = 0.3, as 101 / 110 is more.
    np.testing.assert_allclose(ema.averages[0], 0.3 * first + 0.7 * v.numpy(), rtol=1e-6)


def test_applied_lends_the_averages_and_gives_the_weights_back():
    v = tf.Variable([1.0])
    ema = MovingAverage([v], decay=0.5)
    v.assign([3.0])
    with ema.applied():
        np.testing.assert_array_equal(v, [1.0])
    np.testing.assert_array_equal(v, [3.0])
    np.testing.assert_array_equal(ema.averages[0], [1.0])


def test_applied_gives_the_weights_back_after_an_exception():
    v = tf.Variable([1.0])
    ema = MovingAverage([v], decay=0.5)
    v.assign([3.0])

    def fail():
        with ema.applied():
            np.testing.assert_array_equal(v, [1.0])
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    np.testing.assert_array_equal(v, [3.0])


def test_apply_is_for_good():
    v = tf.Variable([1.0])
    ema = MovingAverage([v], decay=0.5)
    v.assign([3.0])
    ema.apply()
    np.testing.assert_array_equal(v, [1.0])


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5, -0.1])
def test_impossible_decays_are_refused(decay):
    with pytest.raises(ValueError, match=f"ema_decay must be between 0 and 1, got {decay}"):
        MovingAverage([], decay)


def test_weights_that_are_set_are_those_that_are_saved_and_measured():
    """Before a step of training and after one."""
    model = tiny.vae(ema_decay=0.9, run_eagerly=True)
    with tiny.randomize(model).evaluation_weights():
        inside = model.get_weights()
    for found, wanted in zip(inside, model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    model.fit(tiny.images(8), batch_size=8, verbose=0)
    model.set_weights(inside)
    with model.evaluation_weights():
        for found, wanted in zip(model.get_weights(), inside, strict=True):
            np.testing.assert_array_equal(found, wanted)
