"""Schedules of beta: functions of the training step, a scalar tensor, to a float32 scalar."""

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import tf
from keras_vae.ops.whole_numbers import check_whole
from keras_vae.training.planning import Plan, Planned

# A training step -> beta.
Schedule = Callable[[tf.Tensor], tf.Tensor]


# Makers of schedules, by name.
_MAKERS: dict[str, Callable[..., Schedule]] = {}


def check_beta(value: float) -> None:
    """Raises ValueError unless beta is a finite number that isn't below 0."""
    if not (isinstance(value, int | float | np.number) and 0 <= value < math.inf):
        raise ValueError(f"beta must be at least 0 and finite, got {value!r}.")


def _checked(make):
    """A maker of schedules that checks its arguments, which files can hold: see `stated`."""
    signature = inspect.signature(make)

    @functools.wraps(make)
    def checked(*args, **kwargs):
        arguments = signature.bind(*args, **kwargs).arguments
        check_beta(arguments.get("value", 1.0))
        check_whole("steps", arguments.get("steps", 1), at_least=1)
        schedule = make(*args, **kwargs)
        schedule.stated = {"name": make.__name__, **arguments}
        return schedule

    _MAKERS[make.__name__] = checked
    return checked


def stated(schedule: Schedule) -> dict[str, Any] | None:
    """A schedule of this file as plain values; None for another function."""
    found = getattr(schedule, "stated", None)
    return found and {k: float(v) if k == "value" else v for k, v in found.items()}


def from_stated(values: dict[str, Any]) -> Schedule:
    """The schedule that `stated` gave these values of."""
    values = dict(values)
    make = _MAKERS[values.pop("name")]
    if "epochs" not in values:
        return make(**values)
    plan = values.pop("plan")
    of_steps = functools.partial(make, values.pop("value"))
    return InEpochs(of_steps, plan=None if plan is None else Plan(*plan), **values)


@_checked
def constant(value: float = 1.0) -> Schedule:
    """`value` at every step."""
    return lambda step: tf.constant(value, tf.float32)


@_checked
def linear(value: float, steps: int) -> Schedule:
    """From 0 to `value` in `steps` steps, then constant (Sonderby et al. 2016)."""
    return lambda step: value * _progress(step, steps)


@_checked
def sigmoid(value: float, steps: int) -> Schedule:
    """From 0 to `value` in `steps` steps along a logistic curve (Bowman et al. 2016)."""
    # The logistic curve over [-6, 6], stretched to meet 0 and 1 at its ends.
    low = 1.0 / (1.0 + math.exp(6.0))

    def schedule(step):
        curve = tf.sigmoid(12.0 * _progress(step, steps) - 6.0)
        return value * (curve - low) / (1.0 - 2.0 * low)

    return schedule


@_checked
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

    @property
    def stated(self) -> dict[str, Any]:
        """What `from_stated` makes it from."""
        plan = None if self.plan is None else list(self.plan)
        of_steps = stated(self._make(1)) or {}
        in_epochs = {"epochs": self._epochs, "plan": plan, "fixed": self.fixed}
        return {k: v for k, v in of_steps.items() if k != "steps"} | in_epochs

    def lengths(self, plan: Plan) -> int:
        """Its length in steps."""
        return max(round(self._epochs * plan.steps_per_epoch), 1)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The value at a step."""
        return self._make(self.lengths(self.known_plan()))(step)


def _progress(step, steps):
    return tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
