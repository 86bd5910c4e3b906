"""Callbacks of Keras that `fit` is given: they act as their names say, or are refused at once."""

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae._compat import refuse_keras_3, tf, tfk

if TYPE_CHECKING:
    from keras_vae.training.trainable import Trainable

_SET_THE_RATE = (tfk.callbacks.LearningRateScheduler, tfk.callbacks.ReduceLROnPlateau)
# Keras takes any monitored number that isn't called accuracy for a loss.
_MONITORS = (
    tfk.callbacks.EarlyStopping,
    tfk.callbacks.ModelCheckpoint,
    tfk.callbacks.ReduceLROnPlateau,
)


def check_callbacks(model: "Trainable", callbacks: Any) -> None:
    """Raises an error for a callback that would do nothing, or fail after an epoch.

    Callbacks that monitor the bound, `elbo_nats` or `val_elbo_nats`, are told that more is better.

    Args:
      model: a compiled Trainable.
      callbacks: as Keras' fit takes them.

    Raises:
      TypeError: a callback is of Keras 3.
      ValueError: it sets a rate that follows a schedule, or saves the model to another format.
    """
    if isinstance(callbacks, tfk.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    for callback in tf.nest.flatten(callbacks or []):
        name = type(callback).__name__
        refuse_keras_3("callbacks", callback)
        if isinstance(callback, _SET_THE_RATE) and _has_schedule(model.optimizer):
            raise ValueError(
                f"callbacks: {name} sets the learning rate, which here follows a schedule. Build "
                "with learning_rate_schedule='constant', learning_rate_warmup_epochs=0, or compile "
                "with an optimizer whose learning_rate is a number."
            )
        if isinstance(callback, tfk.callbacks.ModelCheckpoint):
            _check_path(callback)
        if isinstance(callback, _MONITORS) and callback.monitor.endswith("elbo_nats"):
            _maximise(callback)


def _has_schedule(optimizer):
    schedule = tfk.optimizers.schedules.LearningRateSchedule
    return isinstance(getattr(optimizer, "_learning_rate", None), schedule)


def _check_path(callback):
    if not callback.save_weights_only and not callback.filepath.endswith(".keras"):
        raise ValueError(
            "callbacks: ModelCheckpoint writes whole models to .keras files, got filepath="
            f"{callback.filepath!r}. Let it end in .keras, or give save_weights_only=True."
        )


def _maximise(callback):
    callback.mode, callback.monitor_op = "max", np.greater
    if isinstance(callback, tfk.callbacks.EarlyStopping):
        callback.min_delta = abs(callback.min_delta)
    elif getattr(callback, "best", None) == np.inf:
        callback.best = -np.inf
