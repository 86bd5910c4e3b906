"""Exponential moving average of weights (Polyak averaging)."""

import contextlib
from collections.abc import Iterable, Iterator

import numpy as np

from keras_vae._compat import tf


class MovingAverage:
    """Averages that slowly follow `variables`.

    (Keras' own use_ema overwrites the weights when `fit` ends, which breaks resuming.)

    Args:
      variables: the variables to follow.
      decay: how much of the average a step keeps, in (0, 1); less during the first steps.
    """

    def __init__(self, variables: Iterable[tf.Variable], decay: float):
        if not 0.0 < decay < 1.0:
            raise ValueError(f"ema_decay must be between 0 and 1, got {decay}.")
        self.decay = decay
        self.replaced: list[np.ndarray] = []  # What the variables were, inside `applied`.
        self._variables = list(variables)
        self.averages = [
            tf.Variable(
                v,
                trainable=False,
                name=f"ema/{v.name.split(':')[0]}",
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            for v in self._variables
        ]
        # What a checkpoint may hold of it. (The list alone isn't anything that TensorFlow tracks.)
        self.tracked = tf.train.Checkpoint(averages=self.averages)

    def begin(self) -> None:
        """Sets the averages to the variables as they are."""
        _assign(self.averages, self._variables)

    def update(self, step: int | tf.Tensor) -> None:
        """Moves the averages towards the variables, after training step `step`."""
        step = tf.cast(step, tf.float32)
        keep = tf.minimum(self.decay, (1.0 + step) / (10.0 + step))
        for average, variable in zip(self.averages, self._variables, strict=True):
            average.assign(keep * average + (1.0 - keep) * variable)

    def apply(self) -> None:
        """Sets the variables to their averages, for good."""
        _assign(self._variables, self.averages)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the variables hold their averages."""
        if self.replaced:  # They do already.
            yield
            return
        self.replaced = [v.numpy() for v in self._variables]
        self.apply()
        try:
            yield
        finally:
            _assign(self._variables, self.replaced)
            self.replaced = []


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
