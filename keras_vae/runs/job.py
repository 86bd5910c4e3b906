"""A training that has passed all checks, and what it takes to begin it."""

import contextlib
import dataclasses
import math
import pathlib

import numpy as np

from keras_vae import data, modality
from keras_vae._compat import tf
from keras_vae.build import build
from keras_vae.building import settling
from keras_vae.config import Config
from keras_vae.config import options as options_of_config
from keras_vae.config.recipes import FOR_PHOTOGRAPHS, FOR_TABLES, USUAL, Unnamed
from keras_vae.data import Dataset
from keras_vae.ops import machine_memory
from keras_vae.runs import run_data, run_directory, warm_start
from keras_vae.training import refusals, replicas
from keras_vae.vae import VAE


@dataclasses.dataclass(frozen=True)
class Options:
    """How a training runs; no option here changes the trained model.

    Attributes:
      resume: go on where the run in the directory stopped; False refuses a run that is there.
      jit_compile: True, False or "auto": whether XLA compiles the steps.
      steps_per_execution: steps between two returns to Python.
      checkpoint_steps: steps between two saves.
      picture_epochs: epochs between two pictures; 0 for none.
      evaluate: whether to measure the likelihood and write the report at the end.
      num_examples: test examples of that measurement; None for as many as a fifth of the training's
        time allows.
      num_samples: k of that likelihood; None for 500 at most, or 10 of layers of maps.
      tensorboard: whether to write TensorBoard logs.
    """

    resume: bool = True
    jit_compile: bool | str = "auto"
    steps_per_execution: int = 50
    checkpoint_steps: int = 2000
    picture_epochs: int = 10
    evaluate: bool = True
    num_examples: int | None = None
    num_samples: int | None = None
    tensorboard: bool = True


@dataclasses.dataclass(frozen=True)
class Job:
    """A training that has passed all checks.

    Attributes:
      workdir: the run directory.
      config: Config, with what the data settles filled in.
      described: the content of its config.json.
      dataset: Dataset.
      strategy: tf.distribute.Strategy that the model was made in.
      steps_per_epoch: int.
      model: the compiled VAE.
      options: Options.
    """

    workdir: pathlib.Path
    config: Config
    described: dict
    dataset: Dataset
    strategy: tf.distribute.Strategy
    steps_per_epoch: int
    model: VAE
    options: Options

    @property
    def worker(self) -> int:
        """Index of this process among several workers; only 0 writes."""
        return replicas.worker_index(self.strategy)


def default_workdir(dataset: str, recipe: str) -> pathlib.Path:
    """Where a run is kept if nobody says: runs/DATASET-RECIPE."""
    return pathlib.Path(f"runs/{data.short_name(dataset)}-{recipe}")


def begun_by_default(config: Unnamed) -> pathlib.Path | None:
    """The run that goes on if neither workdir nor recipe is given; None if there is no such run.

    It has the recipe that its data chooses, or the usual one, which all data once had.
    """
    for recipe in (FOR_PHOTOGRAPHS, FOR_TABLES, USUAL):
        path = default_workdir(config.data.dataset, recipe)
        if (stored := run_directory.stored_config(path)) is None:
            continue
        shape = stored.model.event_shape or ()
        chosen = modality.stored(stored.model.modality).recipe(shape, stored.model.levels)
        if recipe in (chosen, USUAL) and not config.against(recipe, shape):
            return path
    return None


def prepare(
    config: Config,
    workdir: str | pathlib.Path | None = None,
    strategy: tf.distribute.Strategy | None = None,
    options: Options | None = None,
) -> Job:
    """Checks everything that can be wrong, creating nothing.

    Args:
      config: of the model, its training and its data.
      workdir: the run directory, new or of the same config; `default_workdir` if None.
      strategy: tf.distribute.Strategy; the current one if None.
      options: Options; their defaults if None.

    Raises:
      ValueError, OSError: in one sentence, what the user can mend.
    """
    options = options or Options()
    strategy = strategy or tf.distribute.get_strategy()
    if workdir is not None:
        run_directory.check_workdir(pathlib.Path(workdir))
    dataset = run_data.load_data(config)
    run_data.check_num_examples(options.num_examples, dataset)
    config = settling.settle(config, dataset)
    if workdir is None:  # The data may have chosen the recipe.
        workdir = default_workdir(config.data.dataset, config.recipe)
        run_directory.check_workdir(workdir)
    workdir = pathlib.Path(workdir)
    if config.training.early_stopping and dataset.validation is None:
        raise ValueError(
            "early_stopping needs validation examples, and validation_size is 0. Leave one out."
        )
    steps = data.steps_per_epoch(dataset.train, config.training.batch_size)
    described = run_directory.describe(config, dataset)
    # A run that never saved is lost, and may be begun anew with other options.
    has_begun = run_directory.has_begun(workdir)
    if has_begun:
        if not options.resume:
            raise ValueError(
                f"workdir={workdir} holds a run, and resume is off. Choose another workdir."
            )
        run_directory.check_same(workdir, described)
        run_directory.check_saved(workdir)
    training, num_replicas = config.training, strategy.num_replicas_in_sync
    refusals.check_shared(training.batch_size, num_replicas, training.gradient_accumulation_steps)
    _check_memory(config, num_replicas)
    values = {o.name: config.value(o.name) for _, o in options_of_config() if o.name != "data_dir"}
    values |= dataclasses.asdict(options)
    values |= {"versions": described["versions"], "data": described["data"]["fingerprint"]}
    replicas.check_same(strategy, values)
    with strategy.scope(), machine_memory.weights_checked():
        model = build(config, steps_per_epoch=steps, jit_compile=options.jit_compile)
        model.optimizer.build(model.trainable_variables)
    # A run that has begun no longer needs the run it started from.
    if config.training.warm_start and not has_begun:
        warm_start.check_source(model, config)
    return Job(workdir, config, described, dataset, strategy, steps, model, options)


def _check_memory(config, num_replicas):
    """Raises ValueError for a batch of which not even x and p(x|z) would fit into memory."""
    training, samples = config.training, config.objective.latent_samples
    at_once = training.batch_size // (training.gradient_accumulation_steps * num_replicas)
    values = at_once * samples * math.prod(config.model.event_shape)
    machine_memory.check(
        f"A step of batch_size={training.batch_size} with latent_samples={samples}",
        2 * np.dtype(np.float32).itemsize * values,
        "Use a smaller batch_size, fewer latent_samples, or more gradient_accumulation_steps.",
    )


def begin(job: Job, **flags) -> contextlib.AbstractContextManager:
    """Makes the run directory, or brings its config up to date.

    Args:
      job: a Job.
      **flags: more flags for flags.txt, beside those of the config and of `job.options`.

    Returns:
      The directory's lock, a context to hold while the job runs.

    Raises:
      OSError: another process trains there, or the directory can't be written.
    """
    if job.worker:
        return contextlib.nullcontext()
    for field in dataclasses.fields(Options):
        value = getattr(job.options, field.name)
        if value != field.default and field.name != "resume":
            flags[field.name] = value
    if "jit_compile" in flags:
        flags["jit_compile"] = str(flags["jit_compile"]).lower()  # As the flag has it.
    return run_directory.create(job.workdir, job.config, job.described, flags)
