"""trainers.train's own path, to be timed."""

import contextlib
import pathlib
import sys
import time

from absl import flags

from keras_vae.runs import callbacks
from keras_vae.runs.checkpoints import Progress
from keras_vae.tasks import training_run
from trainers import train

FLAGS = flags.FLAGS


def trainer_path(arguments, folder: pathlib.Path):
    """A function that trains three epochs and gives the images per second of the second.

    Args:
      arguments: trainers.train's flags.
      folder: for its run directory.
    """
    for name in FLAGS:
        if FLAGS.find_module_defining_flag(name).startswith("trainers"):  # not the benchmark's own
            FLAGS[name].unparse()
    run = f"--workdir={folder / 'run'}"
    # The loops that are timed beside this one take plain steps.
    plain = ("--learning_rate_schedule=constant", "--ema_decay=0")
    FLAGS(["trainers.train", run, "--epochs=1000", "--picture_epochs=0", *plain, *arguments])
    job = train.prepare()
    job.workdir.mkdir(parents=True)
    progress = Progress(job.model, job.workdir / "checkpoints")
    clock = _Clock(progress, steps=2000, patience=None)

    def round_():
        # Three epochs: in the first the pipeline fills, for the last nothing is prepared behind it.
        epoch = progress.step // job.steps_per_epoch
        clock.begins = []
        with contextlib.redirect_stdout(sys.stderr):
            training_run.fit(job, progress, clock, epoch, epoch + 3)
        seconds = clock.begins[2] - clock.begins[1]
        return job.steps_per_epoch * job.config.training.batch_size / seconds

    return round_


class _Clock(callbacks.SaveProgress):
    """The trainer's callback that saves, noting too when epochs begin."""

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self.begins.append(time.perf_counter())
