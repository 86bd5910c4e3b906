"""Keras' progress bar, of steps."""

from typing import Any

from keras_vae._compat import tf, tfk


class StepsBar(tfk.callbacks.ProgbarLogger):
    """Keras' bar for a model that trains by blocks of steps; it counts steps, not blocks.

    Keras leaves out its own bar where there is one among the callbacks.

    Args:
      steps_per_epoch: optimizer steps.
      first_step: how many of them were done before `fit`, where an epoch was broken off.
      epochs: of the whole training, where `fit` is only of a part of it.
    """

    def __init__(self, steps_per_epoch: int, first_step: int = 0, epochs: int | None = None):
        # The speed is already a mean since the epoch began.
        super().__init__(count_mode="steps", stateful_metrics=["images_per_second"])
        self._steps_per_epoch, self._first_step, self._epochs = steps_per_epoch, first_step, epochs

    def set_params(self, params: dict[str, Any]) -> None:
        epochs = self._epochs or params["epochs"]
        super().set_params(params | {"steps": self._steps_per_epoch, "epochs": epochs})

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self._begin = self._iterations() - self._first_step

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        done = self._iterations() - self._begin
        super().on_train_batch_end(done - 1, logs)  # It adds 1, as to an index.

    def _iterations(self):
        return int(self.model.optimizer.iterations.numpy())


def with_steps_bar(callbacks: Any, steps_per_epoch: int) -> Any:
    """Callbacks as Keras' fit takes them, and a `StepsBar` where they have no bar of their own."""
    given = tf.nest.flatten(callbacks or [])
    own = tfk.callbacks.ProgbarLogger, tfk.callbacks.CallbackList  # The latter has its bar.
    if any(isinstance(callback, own) for callback in given):
        return callbacks
    return [*given, StepsBar(steps_per_epoch)]
