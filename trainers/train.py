"""Trains a VAE: python -m trainers.train --dataset=mnist --recipe=vae --workdir=runs/mnist."""

import pathlib
import sys
from dataclasses import dataclass
from typing import Any

from absl import flags

from keras_vae import app, data, inputs
from keras_vae._compat import tf, tfk
from keras_vae.blocks import Block
from keras_vae.build import build
from keras_vae.config import Config
from keras_vae.files import write_atomically
from keras_vae.notes import tell
from trainers import (
    callbacks,
    class_names,
    fitted_prior,
    measure,
    run_directory,
    strategy,
    warm_start,
)
from trainers import flags as config_flags
from trainers.progress import Progress

FLAGS = flags.FLAGS
config_flags.define_config()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_string("workdir", None, "the run directory (default: runs/DATASET-RECIPE)")
flags.DEFINE_bool("resume", True, "go on where the run in workdir stopped")
flags.DEFINE_enum(
    "strategy",
    "auto",
    strategy.STRATEGIES,
    "where to train; auto takes all that is there",
)
flags.DEFINE_enum("jit_compile", "auto", ["auto", "true", "false"], "compile steps by XLA")
flags.DEFINE_integer("steps_per_execution", 50, "steps between returns to Python", lower_bound=1)
flags.DEFINE_integer("checkpoint_steps", 2000, "steps between two saves", lower_bound=1)
flags.DEFINE_integer("picture_epochs", 10, "epochs between two pictures, 0 none", lower_bound=0)
flags.DEFINE_bool("evaluate", True, "measure the likelihood and write the report at the end")
flags.DEFINE_integer("num_samples", 500, "k of that likelihood", lower_bound=1)
flags.DEFINE_bool("tensorboard", True, "write TensorBoard logs")

# What isn't part of the config, but of a replay.
_RUN_FLAGS = (
    "strategy",
    "jit_compile",
    "steps_per_execution",
    "checkpoint_steps",
    "picture_epochs",
    "evaluate",
    "num_samples",
    "tensorboard",
)


@dataclass
class Job:
    """A training that has passed all checks."""

    workdir: pathlib.Path
    config: Config
    described: dict
    dataset: Any
    strategy: Any
    steps_per_epoch: int
    vae: Any

    @property
    def worker(self) -> int:
        """Index of this process among several workers; only 0 writes."""
        return strategy.worker_index(self.strategy)


def prepare() -> Job:
    """Checks everything that can be wrong, creating nothing.

    Raises:
      ValueError, OSError: in one sentence, what the user can mend.
    """
    config = config_flags.config_from_flags()
    workdir = pathlib.Path(
        FLAGS.workdir or f"runs/{data.short_name(config.data.dataset)}-{config.recipe}"
    )
    run_directory.check_workdir(workdir)
    # A run goes on as it began, where its flags are older than an option.
    config = config_flags.config_from_flags(**run_directory.options_before(workdir))
    where = strategy.make(FLAGS.strategy)  # Several workers must meet before any tensor is made.
    dataset = inputs.load(config)
    config = inputs.resolve(config, dataset)
    if config.training.early_stopping and dataset.validation is None:
        raise ValueError(
            "early_stopping needs validation examples, and validation_size is 0. Leave one out."
        )
    steps = data.steps_per_epoch(dataset.train, config.training.batch_size)
    described = run_directory.describe(config, dataset)
    # What never saved is lost, and may be begun anew by other flags.
    if run_directory.has_begun(workdir):
        if not FLAGS.resume:
            raise ValueError(
                f"workdir={workdir} holds a run, and resume is off. Choose another --workdir."
            )
        run_directory.check_same(workdir, described)
        run_directory.check_saved(workdir)
    if config.training.batch_size % where.num_replicas_in_sync:
        raise ValueError(
            f"batch_size={config.training.batch_size} can't be shared equally by "
            f"{where.num_replicas_in_sync} replicas. Choose a multiple."
        )
    with where.scope():
        vae = build(
            config,
            steps_per_epoch=steps,
            jit_compile={"auto": "auto", "true": True, "false": False}[FLAGS.jit_compile],
        )
        vae.optimizer.build(vae.trainable_variables)
    # A run that has begun needs the other one no more.
    if config.training.warm_start and not run_directory.has_begun(workdir):
        warm_start.check(vae, config)
    return Job(workdir, config, described, dataset, where, steps, vae)


def train(job: Job) -> None:
    """Trains to the last epoch, resuming where the run stands.

    Raises:
      KeyboardInterrupt: a signal came; all is saved.
      callbacks.NonFinite: the loss or a weight isn't finite.
    """
    config, vae, epochs = job.config, job.vae, job.config.training.epochs
    progress = Progress(vae, job.workdir / "checkpoints", job.worker)
    resumed = progress.restore()
    epoch, done = divmod(progress.step, job.steps_per_epoch)
    if bool(progress.stopped):
        print(f"Training is finished: early stopping ended it at step {progress.step}.")
        return
    if epoch >= epochs:
        print(f"Training is finished: {progress.step} steps. More epochs extend it.")
        return
    if config.training.warm_start and not resumed:
        warm_start.apply(vae, config, job.dataset)
    if resumed:
        print(f"Resuming at step {progress.step} (epoch {epoch + 1} of {epochs}).")
    if job.worker == 0:
        _cut_metrics(job.workdir / "metrics.csv", epoch)
    checkpoints = callbacks.Checkpoints(
        progress,
        FLAGS.checkpoint_steps,
        config.training.early_stopping,
        alone=not isinstance(job.strategy, tf.distribute.MultiWorkerMirroredStrategy),
    )
    if done:
        checkpoints.set_model(vae)
        checkpoints.keep_metrics()
    try:
        # An epoch broken off is a short fit of its own: Keras counts the same steps in each.
        while epoch < epochs and not bool(progress.stopped):
            last = epoch + 1 if done else epochs
            fit(job, progress, checkpoints, epoch, last)
            epoch, done = last, 0
    finally:
        checkpoints.restore_signals()


def fit(job: Job, progress: Progress, checkpoints, epoch: int, last: int):
    """Keras' fit from `progress`' step, which is in `epoch`, until `last` epochs are done.

    Returns:
      Keras' History.
    """
    training, vae = job.config.training, job.vae
    num_samples = vae.objective.num_samples
    blocks = data.training_blocks(
        job.dataset.train,
        batch_size=training.batch_size,
        steps_per_block=FLAGS.steps_per_execution,
        epochs=last,
        seed=training.seed,
        binarization=job.config.data.binarization,
        draw_noise=lambda seed: vae.draw_noise(seed, num_samples, training.batch_size),
        with_labels=job.config.model.condition == "label",
        start_step=progress.step,
    )
    validation = {}
    if job.dataset.validation is not None:
        batches = inputs.evaluation_batches(
            job.config,
            job.dataset,
            "validation",
            training.batch_size,
            lambda seed, size: vae.draw_noise(seed, num_samples, size),
        ).map(Block.of_one)
        validation["validation_data"] = strategy.distribute(batches, job.strategy)
        validation["validation_steps"] = len(batches)
    used = [callbacks.Speed(training.batch_size), callbacks.StopOnNonFinite(progress)]
    if job.worker == 0:
        # Before saving: a row without its checkpoint is cut off again, the reverse would be a gap.
        used.append(tfk.callbacks.CSVLogger(job.workdir / "metrics.csv", append=True))
    used.append(checkpoints)
    if FLAGS.tensorboard and job.worker == 0:
        folder = job.workdir / "tensorboard"
        used.append(tfk.callbacks.TensorBoard(folder, write_graph=False))
    if FLAGS.picture_epochs and job.worker == 0:
        used.append(callbacks.Pictures(_picture(job), FLAGS.picture_epochs))
    return vae.fit(
        strategy.distribute(blocks, job.strategy),
        **validation,
        initial_epoch=epoch,
        epochs=last,
        steps_per_epoch=len(blocks) // (last - epoch),
        callbacks=used,
        # In a file, one line an epoch.
        verbose=1 if sys.stdout.isatty() else 2,
    )


def finish(job: Job) -> None:
    """What follows training: an autoencoder's prior, evaluation and report."""
    if not FLAGS.evaluate and job.vae.has_density:
        return
    trained = measure.load(job.workdir, dataset=job.dataset)
    fitted_prior.ensure(trained)
    if not FLAGS.evaluate:
        return
    found = measure.stored(trained)
    # A measurement of the same weights is not replaced by a coarser one.
    num_samples = max(FLAGS.num_samples, (found or {}).get("num_samples") or 0)
    if found and found["num_samples"] in (None, num_samples) and measure.is_current(trained):
        print(f"It is measured too: {job.workdir / 'report.html'}")
    else:
        measure.measure(trained, num_samples)


def _picture(job):
    """A function that draws samples, or an autoencoder's reconstructions, to pictures/."""
    split = "train" if job.dataset.validation is None else "validation"
    size = min(64, getattr(job.dataset, split).num_examples)
    batch = next(iter(inputs.evaluation_batches(job.config, job.dataset, split, size)))

    def draw(vae, epoch):
        from keras_vae import plots  # matplotlib takes a second to import: not before step one.

        folder = job.workdir / "pictures"
        folder.mkdir(exist_ok=True)
        condition = None if vae.condition is None else vae.condition.to_show(64, batch.x)
        if vae.prior is None:
            images = vae.reconstruct(batch.x, batch.condition)
        else:
            images = vae.sample(64, seed=0, condition=condition)
        images = images.numpy()
        if job.dataset.train.lowest_pitch is not None:
            images = plots.piano_rolls(images[:9], job.dataset.train.levels)
        plots.image_grid(images).savefig(folder / f"epoch_{epoch:05d}.png")

    return draw


def _cut_metrics(path: pathlib.Path, epochs: int) -> None:
    """Leaves the rows of the first `epochs` epochs: later ones are trained again."""
    if path.exists():
        # Line i is epoch i - 1's; a line that a killed training left half-written is a later one.
        lines = path.read_text().splitlines(keepends=True)[: epochs + 1]
        if epochs == 0:
            path.unlink()
        else:
            write_atomically(path, "".join(lines))


def _kl(vae) -> str:
    if not vae.has_density:
        return "none"
    return "analytic" if vae.uses_analytic_kl else "sampled"


def main() -> None:
    with app.checking_input():
        job = prepare()
        if job.worker == 0:
            others = {name: FLAGS[name].value for name in _RUN_FLAGS if FLAGS[name].present}
            flagfile = config_flags.to_flagfile(job.config, workdir=job.workdir, **others)
            run_directory.create(job.workdir, job.described, flagfile)
    for note in job.dataset.notes:
        tell(note)
    if job.dataset.train.class_names:
        print(class_names.in_short(job.dataset.train.class_names))
    print(
        f"{job.config.recipe} on {job.dataset.name}: {job.vae.count_params():,} weights, "
        f"{job.strategy.num_replicas_in_sync} replica(s), "
        f"XLA {'on' if job.vae.jit_compile else 'off'} (jit_compile={FLAGS.jit_compile}), "
        f"KL {_kl(job.vae)}, "
        f"binarization {job.config.data.binarization}, "
        f"{job.steps_per_epoch} steps an epoch.",
        flush=True,
    )
    advice = f"Resume with: python -m trainers.train --flagfile={job.workdir / 'flags.txt'}"
    try:
        with app.stoppable(advice):  # In `train` all is saved first.
            train(job)
            if job.worker == 0:
                finish(job)
    except callbacks.NonFinite as error:
        app.fail(error, code=1)


def run() -> None:
    """The command keras-vae-train."""
    app.run(main)


if __name__ == "__main__":
    run()
