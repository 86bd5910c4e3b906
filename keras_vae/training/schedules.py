"""Schedules of beta: functions of the training step, a scalar tensor, to a float32 scalar."""

import math
from collections.abc import Callable

from keras_vae._compat import tf
from keras_vae.training.planning import Plan, Planned

# A training step -> beta.
Schedule = Callable[[tf.Tensor], tf.Tensor]


def constant(value: float = 1.0) -> Schedule:
    """`value` at every step."""
    return lambda step: tf.constant(value, tf.float32)


def linear(value: float, steps: int) -> Schedule:
    """From 0 to `value` in `steps` steps, then constant (Sonderby et al. 2016)."""
    return lambda step: value * _progress(step, steps)


def sigmoid(value: float, steps: int) -> Schedule:
    """From 0 to `value` in `steps` steps along a logistic curve (Bowman et al. 2016)."""
    # The logistic curve over [-6, 6], stretched to meet 0 and 1 at its ends.
    low = 1.0 / (1.0 + math.exp(6.0))

    def schedule(step):
        curve = tf.sigmoid(12.0 * _progress(step, steps) - 6.0)
        return value * (curve - low) / (1.0 - 2.0 * low)

    return schedule


def cyclic(value: float, steps: int) -> Schedule:
    """Cycles of 2 * `steps`: linear from 0 to `value` in `steps`, as long at `value`, again.

    References:
      Fu et al. 2019, Cyclical annealing schedule.
    """
    return lambda step: value * _progress(tf.cast(step, tf.int64) % (2 * steps), steps)


class InEpochs(Planned):
    """A schedule whose length is in epochs.

    Args:
      make: (number of steps, at least 1) -> the schedule.
      epochs: its length.
      plan, fixed: as of `Planned`.
    """

    def __init__(
        self,
        make: Callable[[int], Schedule],
        epochs: float,
        plan: Plan | None = None,
        fixed: bool = False,
    ):
        self._make, self._epochs = make, epochs
        super().__init__(plan, fixed)

    def lengths(self, plan: Plan) -> int:
        """Its length in steps."""
        return max(round(self._epochs * plan.steps_per_epoch), 1)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The value at a step."""
        return self._make(self.lengths(self.known_plan()))(step)


def _progress(step, steps):
    return tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
