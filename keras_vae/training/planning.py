"""Schedules whose lengths are in epochs, and the plan that says what epochs are in steps."""

import abc
from typing import TYPE_CHECKING, Any, NamedTuple

from keras_vae._compat import tfk

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable


class Plan(NamedTuple):
    """The steps of a training, as the optimizer counts them.

    Attributes:
      steps_per_epoch: int.
      last: how many steps are done at its end.
      first: how many were done before it.
    """

    steps_per_epoch: int
    last: int
    first: int = 0


class Planned(abc.ABC):
    """What every schedule is whose lengths are in epochs.

    Its lengths are Python numbers, which graphs hold as constants: a model traces its steps anew
    when they change.

    Args:
      plan: what epochs are in steps; None until `fit` says it.
      fixed: whether the plan holds whatever `fit` is told.
    """

    def __init__(self, plan: Plan | None = None, fixed: bool = False):
        self.plan, self.fixed = plan, fixed
        if plan is not None:
            self.lengths(plan)

    @abc.abstractmethod
    def lengths(self, plan: Plan) -> Any:
        """All that the schedule takes of a plan; ValueError if it can't be so planned."""

    def known_plan(self) -> Plan:
        """The plan; ValueError if there is none yet."""
        if self.plan is None:
            raise ValueError(
                "a schedule in epochs needs to know the number of steps. Train by fit on examples, "
                "which knows it, or build(config, steps_per_epoch=len(images) // batch_size), or "
                "with learning_rate_schedule='constant'."
            )
        return self.plan

    def settle(self, plan: Plan) -> bool:
        """Takes another plan; returns whether that changes the schedule."""
        lengths = self.lengths(plan)
        changed = self.plan is None or lengths != self.lengths(self.plan)
        self.plan = plan
        return changed


class PlanByFit(tfk.callbacks.Callback):
    """Plans a model's schedules when `fit` begins, which knows the steps then.

    A learning rate that falls to 0 does so in each `fit`; warm-ups are of the model's first steps.

    Args:
      initial_epoch: that of `fit`, whose epochs before it count as trained.
      steps_per_epoch: how many steps an epoch has; None for as many as it has batches.
    """

    def __init__(self, initial_epoch: int = 0, steps_per_epoch: int | None = None):
        super().__init__()
        self._initial_epoch, self._steps = initial_epoch, steps_per_epoch

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        steps = self._steps or self.params["steps"]
        if steps is None:
            raise ValueError(
                "x doesn't say how many steps an epoch has, as the schedules need. Give fit "
                "steps_per_epoch, or build with learning_rate_schedule='constant'."
            )
        first = int(self.model.optimizer.iterations.numpy()) - self._initial_epoch * steps
        plan = Plan(steps, first + self.params["epochs"] * steps, first)
        changed = [s.settle(plan) for s in planned(self.model) if not s.fixed]
        if any(changed):
            self.model.make_train_function(force=True)


def planned(model: "Trainable") -> list[Planned]:
    """The schedules of a compiled model whose lengths are in epochs."""
    schedules = (model.beta_schedule, getattr(model.optimizer, "_learning_rate", None))
    return [schedule for schedule in schedules if isinstance(schedule, Planned)]
