"""Training progress on disk: what a checkpoint holds, and how it is restored."""

import pathlib

import numpy as np

from keras_vae._compat import tf
from keras_vae.files import checksums
from keras_vae.runs.saved_checkpoints import last_checkpoint, last_whole, origin
from keras_vae.training import learning_rate
from keras_vae.vae import VAE


class Progress:
    """Weights, optimizer, averages, metrics, and how far training is, saved as one checkpoint.

    TensorFlow writes a checkpoint's files first and then, atomically, the file that names it: a
    half-written checkpoint is never found. Between the two, the checksums of the files are written.

    Args:
      vae: the compiled model, its optimizer built.
      folder: the run's `checkpoints` folder: `last` and, by validation bound, `best`.
      worker: index of this process among several workers. All must save, since saving sums what
        each has; only what worker 0 writes is read again.
      recoveries: how often training may `recover`; if 0, no states are kept for it.

    Attributes:
      score: tf.Variable, the best validation bound so far; -inf before the first.
      epochs_since_best: tf.Variable, int.
      stopped: tf.Variable, bool: early stopping ended the training.
      tries: tf.Variable, int: how often training has recovered.
    """

    def __init__(self, vae: VAE, folder: pathlib.Path, worker: int = 0, recoveries: int = 0):
        self._vae, self._recoveries = vae, recoveries
        self.score = tf.Variable(-np.inf, trainable=False, name="score")
        self.epochs_since_best = tf.Variable(0, trainable=False, name="epochs_since_best")
        self.stopped = tf.Variable(False, trainable=False, name="stopped")
        parts = {
            "model": vae,
            "metrics": [v for m in vae.metrics for v in m.variables],
            "score": self.score,
            "epochs_since_best": self.epochs_since_best,
            "stopped": self.stopped,
        }
        if vae.ema is not None:
            parts["ema"] = vae.ema.averages
        self.tries = tf.Variable(0, trainable=False, name="tries")
        if recoveries:  # Runs that are older than recoveries lack this variable.
            parts["tries"] = self.tries
        self._rate = float(vae.optimizer.learning_rate.numpy())
        self._checkpoint = tf.train.Checkpoint(**parts)
        self._folder = folder
        own = folder / f"worker-{worker}" if worker else folder
        self._is_read_again = worker == 0
        for name in ("last", "best", "good"):
            # This refuses a list of files elsewhere: the manager would delete them in time.
            last_checkpoint(own / name)
        self._last = tf.train.CheckpointManager(self._checkpoint, own / "last", max_to_keep=2)
        self._best = tf.train.CheckpointManager(self._checkpoint, own / "best", max_to_keep=1)
        self._good = tf.train.CheckpointManager(self._checkpoint, own / "good", max_to_keep=1)

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return int(self._vae.optimizer.iterations.numpy())

    @property
    def last_saved(self) -> str | None:
        """The last complete checkpoint, a path prefix."""
        return last_checkpoint(self._folder / "last")

    @property
    def may_recover(self) -> bool:
        """Whether there are tries left."""
        return int(self.tries) < self._recoveries

    def restore(self) -> bool:
        """Continues from the last whole checkpoint; False if there is none."""
        found = last_whole(self._folder / "last")
        if found is None:
            return False
        if (
            self._recoveries
        ):  # A training may be killed after a good state and before the next save.
            found = max(found, last_checkpoint(self._folder / "good"), key=_step_of)
        self._restore(found)
        return True

    def recover(self) -> float:
        """Goes back to the last good state, from which training goes on at half the rate.

        It goes back to the same state, at the same rate, whatever was saved since: a training that
        was stopped in between recovers as an unbroken one.

        Returns:
          The factor of all learning rates from there on.
        """
        tries, score = int(self.tries), float(self.score)
        self._restore(last_checkpoint(self._folder / "good"))
        # A training resumed from before a recovery may restore the good state saved after it.
        self.tries.assign(max(tries + 1, int(self.tries)))
        self.score.assign(max(score, float(self.score)))  # The best checkpoint stays the best.
        return self._lower_rate()

    def _restore(self, found):
        self._checkpoint.restore(found).assert_consumed()
        if self._recoveries:
            self._lower_rate()

    def _lower_rate(self):
        factor = 0.5 ** int(self.tries)
        learning_rate.multiply(self._vae, self._rate, factor)
        return factor

    def save(self) -> None:
        """Writes the state as the last checkpoint.

        Raises:
          FloatingPointError: a weight isn't finite; nothing is written.
        """
        self._check_finite()
        self._save(self._last)

    def save_good(self) -> None:
        """Writes the state as that which `recover` goes back to; raises as `save`."""
        self._check_finite()
        self._save(self._good)

    def _check_finite(self):
        if not all(np.isfinite(v.numpy()).all() for v in self._vae.trainable_variables):
            raise FloatingPointError("a weight is not finite")

    def save_best(self) -> None:
        """Writes the state as the best checkpoint."""
        self._save(self._best)

    def _save(self, manager):
        callbacks = [_write_checksums] if self._is_read_again else []
        options = tf.train.CheckpointOptions(experimental_write_callbacks=callbacks)
        manager.save(self.step, options=options)
        checksums.remove_left(pathlib.Path(manager.directory))


def _step_of(found):
    """The step of a checkpoint, a path prefix; -1 of None."""
    return -1 if found is None else origin(found)["step"]


def _write_checksums(saved):
    """TensorFlow calls this before it lists what it `saved`, a path prefix."""
    checksums.write_beside(pathlib.Path(saved))
