"""Schedules of beta, by hand."""

import numpy as np
import pytest

from keras_vae._compat import tf
from keras_vae.training import schedules

VALUE, STEPS = 4.0, 100


def values(schedule, steps):
    return [float(schedule(tf.constant(s, tf.int64))) for s in steps]


def test_constant():
    assert values(schedules.constant(VALUE), [0, 1, 10**6]) == [VALUE] * 3


def test_linear_at_zero_a_quarter_half_the_end_and_after():
    steps = [0, 25, 50, 99, 100, 1000]
    wanted = [0.0, 1.0, 2.0, 3.96, 4.0, 4.0]
    np.testing.assert_allclose(values(schedules.linear(VALUE, STEPS), steps), wanted, rtol=1e-6)


def test_sigmoid_meets_its_ends_is_halfway_in_the_middle_and_steepest_there():
    schedule = schedules.sigmoid(VALUE, STEPS)
    # Stretched by 1 / (1 - 2 sigmoid(-6)), in float32.
    np.testing.assert_allclose(
        values(schedule, [0, 50, 100, 1000]), [0, VALUE / 2, VALUE, VALUE], atol=1e-6
    )
    rise = np.diff(values(schedule, range(101)))
    assert (rise > 0).all()
    # Logistic curve over [-6, 6]: its slope at the middle is 12 / 4 of the mean slope.
    np.testing.assert_allclose(rise[50], VALUE * 12 / 4 / STEPS / (1 - 2 / (1 + np.e**6)), 0.01)


def test_cyclic_rises_stays_and_begins_again():
    """Fu et al. 2019, eq. 6 with R = 1/2."""
    schedule = schedules.cyclic(VALUE, STEPS)
    steps = [0, 50, 100, 150, 199]
    wanted = [0.0, 2.0, 4.0, 4.0, 4.0]
    for cycle in range(3):
        shifted = [s + 2 * STEPS * cycle for s in steps]
        np.testing.assert_allclose(values(schedule, shifted), wanted, rtol=1e-6)


@pytest.mark.parametrize("make", [schedules.linear, schedules.sigmoid, schedules.cyclic])
def test_schedules_are_float32_scalars_in_graphs_too(make):
    schedule = make(VALUE, STEPS)
    beta = tf.function(schedule)(tf.constant(30, tf.int64))
    assert beta.dtype == tf.float32
    assert beta.shape == ()
    np.testing.assert_allclose(beta, schedule(tf.constant(30, tf.int64)), rtol=1e-6)
