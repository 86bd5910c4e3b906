"""Keras callbacks: what `fit` doesn't do by itself."""

import pathlib
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import tfk
from keras_vae.runs.checkpoints import Progress
from keras_vae.vae import VAE


class NonFinite(Exception):
    """The loss or a weight is no longer a finite number.

    Args:
      what: what isn't finite, and when; it begins a sentence.
      advice: further sentences.
    """

    def __init__(self, what: str, advice: str = ""):
        super().__init__(f"{what}. {advice}".strip())
        self.what = what


class AllSkipped(NonFinite):
    """No step of the first epoch was taken: no lower learning rate would help."""


class Speed(tfk.callbacks.Callback):
    """Adds images_per_second, beta and the learning rate to the logs; it must come first."""

    def __init__(self, batch_size: int):
        super().__init__()
        self._batch_size = batch_size

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start, self._first_step = time.perf_counter(), self._steps()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        # The speed is kept for the end of the epoch, after validation, which takes time too.
        images = (self._steps() - self._first_step) * self._batch_size
        self._speed = images / (time.perf_counter() - self._start)
        logs["images_per_second"] = round(self._speed)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        logs["images_per_second"] = round(self._speed)
        logs["beta"] = float(self.model.beta.numpy())
        logs["learning_rate"] = float(self.model.optimizer.learning_rate.numpy())

    def _steps(self):
        return int(self.model.optimizer.iterations.numpy())


class StopOnNonFinite(tfk.callbacks.Callback):
    """Raises NonFinite at the first block whose loss isn't finite; it must come before saving.

    It raises it too, or AllSkipped in the first epoch, at the end of an epoch whose steps were all
    skipped.

    Args:
      progress: a Progress.
      steps_per_epoch: int.
    """

    def __init__(self, progress: Progress, steps_per_epoch: int):
        super().__init__()
        self._progress, self._steps_per_epoch = progress, steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        if not np.isfinite(logs["loss"]):
            raise NonFinite(
                f"the loss is {logs['loss']} at step {self._progress.step}",
                f"Last good checkpoint: {self._progress.last_saved or 'none'}. Try a lower "
                "learning_rate, clip_norm=1, or a warm-up of beta.",
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        if logs.get("skipped") == self._steps_per_epoch:
            kind = NonFinite if epoch else AllSkipped
            raise kind(
                f"all {self._steps_per_epoch} steps of an epoch were skipped until step "
                f"{self._progress.step}: the norm of their gradients was above skip_threshold="
                f"{self.model.skip_threshold:g}, or not finite",
                f"Last good checkpoint: {self._progress.last_saved or 'none'}. Try a higher "
                "skip_threshold, or a lower learning_rate.",
            )


class SaveProgress(tfk.callbacks.Callback):
    """Saves every so many steps, on the best validation bound, at the end, and on a signal.

    It also saves the states that `Progress.recover` goes back to: one at the start, and one every
    `good_epochs` epochs. No option of how a training runs moves them.

    Args:
      progress: a Progress.
      steps: the least number of steps between two saves. (Not a time: several workers must save at
        the same step.)
      patience: epochs without a better bound after which training stops, or None.
      alone: whether this is the only worker; one of several can't save when a signal comes.
      good_epochs: epochs between two states to go back to; 0 for none.
    """

    def __init__(
        self,
        progress: Progress,
        steps: int,
        patience: int | None,
        alone: bool = True,
        good_epochs: int = 0,
    ):
        super().__init__()
        self._progress, self._steps, self._patience = progress, steps, patience
        self._alone, self._good_epochs = alone, good_epochs
        self._signum = None
        self._handlers: dict[int, Any] = {}
        self._restored_metrics: list[list[np.ndarray]] | None = None

    def keep_metrics(self) -> None:
        """Lets the metrics of a resumed epoch go on: Keras resets them as the epoch begins."""
        self._restored_metrics = [m.get_weights() for m in self.model.metrics]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._saved_at = self._progress.step
        if self._good_epochs and not self._progress.step and not int(self._progress.tries):
            self._progress.save_good()
        # The signal is noted here and obeyed between two blocks.
        self._handlers = {
            s: signal.signal(s, self._note_signal) for s in (signal.SIGINT, signal.SIGTERM)
        }

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.restore_signals()

    def restore_signals(self) -> None:
        """Restores the handlers that the signals had before."""
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._restored_metrics is not None:
            for metric, weights in zip(self.model.metrics, self._restored_metrics, strict=True):
                metric.set_weights(weights)
            self._restored_metrics = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # The last block's state is saved at the end of the epoch, after validation.
        if batch + 1 < self.params["steps"]:
            self._save_if_due()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        progress = self._progress
        score = logs.get("val_loss")
        if score is not None:
            if -score > float(progress.score):
                progress.score.assign(-score)
                progress.epochs_since_best.assign(0)
                progress.save_best()
            else:
                progress.epochs_since_best.assign_add(1)
            if self._patience and int(progress.epochs_since_best) >= self._patience:
                progress.stopped.assign(True)
                self.model.stop_training = True
        if self._good_epochs and (epoch + 1) % self._good_epochs == 0:
            self._save(self._progress.save_good)
        self._save_if_due(last=self.model.stop_training or epoch + 1 == self.params["epochs"])

    def _note_signal(self, signum, frame):
        self._signum = signum

    def _save_if_due(self, last=False):
        due = self._progress.step - self._saved_at >= self._steps
        if due or last or (self._signum and self._alone):
            self._save(self._progress.save)
            self._saved_at = self._progress.step
        if self._signum:
            raise KeyboardInterrupt(self._signum)

    def _save(self, save):
        try:
            save()
        except FloatingPointError as error:
            raise NonFinite(
                f"{error} at step {self._progress.step}",
                f"Last good checkpoint: {self._progress.last_saved or 'none'}.",
            ) from error


class MetricsFile(tfk.callbacks.CSVLogger):
    """Appends the numbers of each epoch to a CSV file, in the columns that it has.

    A run of an older version goes on without the columns that it began without.
    """

    def __init__(self, path: pathlib.Path):
        super().__init__(path, append=True)
        if path.exists() and (columns := path.read_text().partition("\n")[0]):
            self.keys = columns.split(",")[1:]


class Pictures(tfk.callbacks.Callback):
    """Draws a picture every few epochs.

    Args:
      draw: function of (model, epoch) that writes it.
      every: epochs between two pictures.
    """

    def __init__(self, draw: Callable[[VAE, int], object], every: int):
        super().__init__()
        self._draw, self._every = draw, every

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self._every == 0:
            with self.model.evaluation_weights():
                self._draw(self.model, epoch + 1)
