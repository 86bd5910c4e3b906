"""Trains a run from where it stands to its last epoch, measures it and writes its report."""

import pathlib
import sys
from typing import Any

from keras_vae._compat import HAS_BFLOAT16, ONEDNN, onednn_is_on, tf, tfk
from keras_vae.config import Config
from keras_vae.files import write_atomically
from keras_vae.messages.notes import tell
from keras_vae.ops.dtype_policy import BFLOAT16
from keras_vae.report import class_names
from keras_vae.runs import callbacks, fitted_prior, run, run_data, warm_start
from keras_vae.runs.checkpoints import Progress
from keras_vae.runs.job import Job, Options, begin, prepare
from keras_vae.runs.run import Run
from keras_vae.tasks import extent, measuring
from keras_vae.tasks.extent import Extent
from keras_vae.training import feeding, replicas
from keras_vae.training.steps_bar import StepsBar

# The least steps between two states that a recovery may go back to; states are of whole epochs.
_GOOD_STEPS = 2000
# The counts of an `Extent` by which one measurement is finer than another.
_COUNTS = ("num_examples", "num_samples")


def train(
    config: Config,
    workdir: str | pathlib.Path | None = None,
    strategy: tf.distribute.Strategy | None = None,
    **options: Any,
) -> Run | None:
    """Trains a model, or goes on with a training; measures it and writes report.html.

    The same config in the same directory goes on where the run stopped, to the same weights as
    without a stop. For more epochs, give the config of the run: `runs.load(workdir).config`.

        run = runs.train(keras_vae.recipe("vae", dataset="digits", epochs=50), "runs/digits")
        run.model.sample(16)

    Args:
      config: of the model, its training and its data.
      workdir: the run directory; runs/DATASET-RECIPE if None.
      strategy: tf.distribute.Strategy; the current one if None.
      **options: see `Options`.

    Returns:
      The Run; None in workers other than the first, which writes it.

    Raises:
      ValueError, OSError: in one sentence, what the user can mend; nothing has begun then.
      KeyboardInterrupt: a signal came; all is saved.
      callbacks.NonFinite: the loss or a weight isn't finite.
    """
    job = prepare(config, workdir, strategy, Options(**options))
    with begin(job):
        found = run_job(job)
    return run.load(job.workdir, dataset=job.dataset) if found is None and not job.worker else found


def run_job(job: Job) -> Run | None:
    """Trains, measures and reports what `prepare` checked and `begin` began; see `train`.

    Returns:
      The Run, where it was read for that; else None.
    """
    _print_summary(job)
    _train(job)
    return _finish(job) if job.worker == 0 else None


def _train(job: Job) -> None:
    """Trains to the last epoch, resuming where the run stands."""
    config, vae, epochs = job.config, job.model, job.config.training.epochs
    recoveries = config.training.recoveries
    progress = Progress(vae, job.workdir / "checkpoints", job.worker, recoveries)
    resumed = progress.restore()
    epoch, done = divmod(progress.step, job.steps_per_epoch)
    if bool(progress.stopped):
        print(f"Training is finished: early stopping ended it at step {progress.step}.")
        return
    if epoch >= epochs:
        schedule = config.training.learning_rate_schedule
        more = (
            "More epochs extend it."
            if schedule == "constant"
            else f"Its learning rate ended at 0 ({schedule}): to train its weights further, give "
            f"warm_start={job.workdir} and another workdir."
        )
        print(f"Training is finished: {progress.step} steps. {more}")
        return
    if config.training.warm_start and not resumed:
        warm_start.begin_with_source(vae, config, job.dataset)
    if resumed:
        print(f"Resuming at step {progress.step} (epoch {epoch + 1} of {epochs}).")
    if job.worker == 0:
        _cut_metrics(job.workdir / "metrics.csv", epoch)
    checkpoints = callbacks.SaveProgress(
        progress,
        job.options.checkpoint_steps,
        config.training.early_stopping,
        alone=not isinstance(job.strategy, tf.distribute.MultiWorkerMirroredStrategy),
        good_epochs=-(-_GOOD_STEPS // job.steps_per_epoch) if recoveries else 0,
    )
    if done:
        checkpoints.set_model(vae)
        checkpoints.keep_metrics()
    while epoch < epochs and not bool(progress.stopped):
        # An epoch broken off is a short fit of its own: Keras counts the same steps in each.
        last = epoch + 1 if done else epochs
        try:
            fit(job, progress, checkpoints, epoch, last)
        except callbacks.NonFinite as error:
            if isinstance(error, callbacks.AllSkipped) or not progress.may_recover:
                raise
            last = _recover(job, progress, error)
        finally:
            checkpoints.restore_signals()
        epoch, done = last, 0


def _recover(job: Job, progress: Progress, error: callbacks.NonFinite) -> int:
    """Goes back to the last good state; returns how many epochs are done there.

    All workers see the same loss and the same weights, so that all go back.
    """
    factor = progress.recover()
    epoch = progress.step // job.steps_per_epoch
    print(
        f"Going back to step {progress.step}: {error.what}. From there the learning rate is "
        f"{factor:g} times the planned one (recovery {int(progress.tries)} of "
        f"{job.config.training.recoveries}).",
        flush=True,
    )
    if job.worker == 0:
        _cut_metrics(job.workdir / "metrics.csv", epoch)
    return epoch


def fit(
    job: Job, progress: Progress, checkpoints: list[tfk.callbacks.Callback], epoch: int, last: int
) -> tfk.callbacks.History:
    """Keras' fit from `progress`' step, which is in `epoch`, until `last` epochs are done.

    Returns:
      Keras' History.
    """
    training, vae = job.config.training, job.model
    blocks = feeding.training_blocks(
        vae,
        job.dataset.train,
        batch_size=training.batch_size,
        steps_per_block=job.options.steps_per_execution,
        epochs=last,
        binarization=job.config.data.binarization,
        start_step=progress.step,
    )
    validation = {}
    if job.dataset.validation is not None:
        held_out = feeding.evaluation_set(
            vae, job.dataset.validation, training.batch_size, job.config.data.binarization
        )
        validation["validation_data"] = replicas.distribute(held_out, job.strategy)
        validation["validation_steps"] = len(held_out)
    used = [
        callbacks.Speed(training.batch_size),
        callbacks.StopOnNonFinite(progress, job.steps_per_epoch),
    ]
    if job.worker == 0:
        # The row comes before its checkpoint: without one it is cut off again. A checkpoint without
        # its row would leave a gap.
        used.append(callbacks.MetricsFile(job.workdir / "metrics.csv"))
    used.append(checkpoints)
    if job.options.tensorboard and job.worker == 0:
        folder = job.workdir / "tensorboard"
        used.append(tfk.callbacks.TensorBoard(folder, write_graph=False))
    if job.options.picture_epochs and job.worker == 0:
        used.append(callbacks.Pictures(_picture(job), job.options.picture_epochs))
    done = progress.step % job.steps_per_epoch
    used.append(StepsBar(job.steps_per_epoch, done, training.epochs))
    return vae.fit(
        replicas.distribute(blocks, job.strategy),
        **validation,
        initial_epoch=epoch,
        epochs=last,
        steps_per_epoch=len(blocks) // (last - epoch),
        callbacks=used,
        # A log file gets one line an epoch.
        verbose=1 if sys.stdout.isatty() else 2,
    )


def _finish(job: Job) -> Run | None:
    """What follows training: an autoencoder's prior, evaluation, report; None if nothing does."""
    if not job.options.evaluate and job.model.trains_prior:
        return None
    trained = run.load(job.workdir, dataset=job.dataset)
    fitted_prior.ensure(trained)
    if not job.options.evaluate:
        return trained
    options, found = job.options, trained.evaluation or {}
    much = extent.of_training(trained, options.num_examples, options.num_samples)
    # A measurement of the same weights is not replaced by a coarser one.
    counts = {name: max(getattr(much, name), found.get(name) or 0) for name in _COUNTS}
    if trained.is_reported and all(found.get(name) in (None, n) for name, n in counts.items()):
        print(f"It is measured too: {job.workdir / 'report.html'}")
    else:
        much = much._replace(**counts)
        print(_how_much(trained, much))
        measuring.measure(trained, much)
    return trained


def _how_much(run: Run, much: Extent) -> str:
    """A sentence on what is measured."""
    there = run.data.test.num_examples
    samples = f", {much.num_samples:,} importance samples of each" if run.model.has_bound else ""
    return (
        f"Measuring {much.num_examples:,} of {there:,} test examples{samples}. To measure more, "
        "call tasks.evaluate, or run trainers.evaluate."
    )


def _picture(job):
    """A function that draws samples, or an autoencoder's reconstructions, to pictures/."""
    split = "train" if job.dataset.validation is None else "validation"
    size = min(64, getattr(job.dataset, split).num_examples)
    batch = next(iter(run_data.evaluation_batches(job.config, job.dataset, split, size)))

    def draw(vae, epoch):
        # matplotlib takes a second to import, which the first step needn't wait for.
        from keras_vae.report import plots

        folder = job.workdir / "pictures"
        folder.mkdir(exist_ok=True)
        condition = None if vae.condition is None else vae.condition.to_show(64, batch.x)
        if vae.prior is None:
            x = vae.reconstruct(batch.x, batch.condition, batch.mask)
        else:
            x = vae.sample(64, seed=0, condition=condition)
        images = vae.modality.as_images(x[: vae.modality.num_shown].numpy())
        plots.write(plots.image_grid(images), folder / f"epoch_{epoch:05d}.png")

    return draw


def _cut_metrics(path: pathlib.Path, epochs: int) -> None:
    """Keeps the rows of the first `epochs` epochs alone: later ones are trained again."""
    if path.exists():
        # Line i is epoch i - 1's; a line that a killed training left half-written is a later one.
        lines = path.read_text().splitlines(keepends=True)[: epochs + 1]
        if epochs == 0:
            path.unlink()
        else:
            write_atomically(path, "".join(lines))


def _kl(vae) -> str:
    if not vae.has_bound:
        return "none"
    return "analytic" if vae.uses_analytic_kl else "sampled"


def _tell_of_policy(job: Job) -> None:
    """Tells of networks in bfloat16 on a CPU that isn't made for them."""
    others = [tf.config.list_logical_devices(kind) for kind in ("GPU", "TPU")]
    if job.config.training.dtype_policy != BFLOAT16 or any(others):
        return
    if HAS_BFLOAT16 is False:
        tell(
            f"dtype_policy={BFLOAT16}: this machine's CPU has no bfloat16 instructions, so steps "
            "take longer than in float32."
        )
    if not onednn_is_on():
        tell(
            f"dtype_policy={BFLOAT16}: without oneDNN, TensorFlow sums the gradients of biases in "
            f"bfloat16, which loses most of a long sum. Set {ONEDNN}=1 before Python starts, or "
            "train in float32."
        )


def _print_summary(job: Job) -> None:
    for note in job.dataset.notes:
        tell(note)
    _tell_of_policy(job)
    if job.dataset.train.class_names:
        print(class_names.in_short(job.dataset.train.class_names))
    print(
        f"{job.config.recipe} on {job.dataset.name}: {job.model.count_params():,} weights, "
        f"{job.strategy.num_replicas_in_sync} replica(s), "
        f"XLA {'on' if job.model.jit_compile else 'off'} "
        f"(jit_compile={str(job.options.jit_compile).lower()}), "
        f"KL {_kl(job.model)}, "
        f"binarization {job.config.data.binarization}, "
        f"{job.steps_per_epoch} steps an epoch.",
        flush=True,
    )
