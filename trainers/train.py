"""Trains a VAE: python -m trainers.train --dataset=mnist --recipe=vae --workdir=runs/mnist.

With the workdir of a run, that run goes on: flags that aren't given stay as they were.
"""

import pathlib
import shlex

from absl import flags

import keras_vae
from keras_vae import command_line
from keras_vae._compat import ONEDNN, tf
from keras_vae.config import Config
from keras_vae.config.recipes import Unnamed
from keras_vae.runs import callbacks, job, run_directory
from keras_vae.tasks import training_run
from trainers import flags as config_flags
from trainers import strategy, workers

FLAGS = flags.FLAGS
config_flags.define_config()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_string(
    "workdir", None, "the run directory; a run in it goes on (default: runs/DATASET-RECIPE)"
)
flags.DEFINE_enum(
    "strategy",
    "auto",
    list(strategy.STRATEGIES),
    config_flags.with_choices("where to train", strategy.STRATEGIES),
)
flags.DEFINE_float(
    "worker_wait", 300.0, "multiworker: seconds to wait for the other workers", lower_bound=0
)
_COMPILED = {"auto": "where it helps: not for convolutions on CPUs", "true": "", "false": ""}
flags.DEFINE_enum(
    "jit_compile",
    "auto",
    list(_COMPILED),
    config_flags.with_choices("whether XLA compiles the steps", _COMPILED),
)
# The other fields of job.Options: what each is, and the least number it may be.
_ABOUT = {
    "resume": "go on where the run in workdir stopped",
    "steps_per_execution": ("steps between returns to Python", 1),
    "checkpoint_steps": ("steps between two saves", 1),
    "picture_epochs": ("epochs between two pictures; 0: none", 0),
    "evaluate": "measure the likelihood and write the report at the end",
    "num_examples": (config_flags.NUM_EXAMPLES.format("what a fifth of the time allows"), 1),
    "num_samples": (config_flags.NUM_SAMPLES.format("500 at most", 10), 1),
    "tensorboard": "write TensorBoard logs",
}
for _name, _about in _ABOUT.items():
    _default = getattr(job.Options, _name)
    if isinstance(_default, bool):
        flags.DEFINE_bool(_name, _default, _about)
    else:
        flags.DEFINE_integer(_name, _default, _about[0], lower_bound=_about[1])


def prepare() -> job.Job:
    """The training that the flags name.

    Raises:
      ValueError, OSError: in one sentence, what the user can mend.
    """
    workdir = _workdir()
    config = config_flags.config_from_flags() if workdir is None else _config(workdir)
    # Several workers must meet before any tensor is made.
    where = strategy.make(FLAGS.strategy, FLAGS.worker_wait)
    options = {name: FLAGS[name].value for name in _ABOUT}
    options["jit_compile"] = {"auto": "auto", "true": True, "false": False}[FLAGS.jit_compile]
    return job.prepare(config, workdir, where, job.Options(**options))


def _config(workdir: pathlib.Path) -> Config:
    """The config of the run in `workdir`, or that of a run to be begun there."""
    run_directory.check_workdir(workdir)
    stored = run_directory.stored_config(workdir)
    config = config_flags.config_from_flags(stored)
    if stored is not None:
        run_directory.check_options(workdir, stored, config)
        if not (FLAGS.workdir or FLAGS.recipe):
            print(f"Going on with {workdir}; another recipe or workdir begins another run.")
    return config


def _workdir() -> pathlib.Path | None:
    """Where the run is or will be; None where its data has to choose a recipe first."""
    if FLAGS.workdir:
        return pathlib.Path(FLAGS.workdir)
    config = config_flags.config_from_flags()
    if isinstance(config, Unnamed):
        return job.begun_by_default(config)
    return job.default_workdir(config.data.dataset, config.recipe)


def main() -> None:
    try:
        _train()
    except tf.errors.OpError as error:
        if (said := workers.lost(error)) is None:
            raise
        command_line.fail(said, code=1)


def _train() -> None:
    with command_line.checking_input():
        found = prepare()
        strategy_given = {"strategy": FLAGS.strategy} if FLAGS["strategy"].present else {}
        held = job.begin(found, **strategy_given)
    advice = f"Resume with: python -m trainers.train --flagfile={found.workdir / 'flags.txt'}"
    try:
        with held, command_line.stoppable(advice):  # A training saves first.
            training_run.run_job(found)
    except callbacks.NonFinite as error:
        command_line.fail(error, code=1)
    if found.worker == 0:
        print(_next_steps(found.workdir, found.model.modality, found.config.model.prior != "none"))


def _next_steps(
    workdir: pathlib.Path, modality: keras_vae.modality.Modality, has_prior: bool = True
) -> str:
    """What a person does with a trained run."""
    run, report = shlex.quote(str(workdir)), str(workdir / "report.html")
    if not (workdir / "report.html").exists():
        report = f"python -m trainers.evaluate --run={run} writes it"
    drawn = f"drawn{modality.file_suffix or ''}"
    draw = f"python -m trainers.sample --run={run} --n=100 --out={drawn}"
    given = f"--run={run} --dataset=csv:in.csv"
    used = {
        "fill gaps": f"python -m trainers.impute {given} --out=full.csv",
        "score rows": f"python -m trainers.score {given} --out=scores.csv",
    }
    steps = {
        "open the report": report,
        **({f"draw {modality.nouns}": draw} if has_prior else {}),
        **(used if modality.has_gaps else {}),
        "export a generator": f"python -m export.export --run={run}",
        "use it in Python": f"keras_vae.load({str(workdir)!r})",
    }
    width = max(map(len, steps))
    return "\n".join(["Next:", *(f"  {step:{width}}  {how}" for step, how in steps.items())])


def _main_as_the_run_began() -> None:
    """`main`, in a process whose TensorFlow computes by oneDNN only if the run's did."""
    with command_line.checking_input():
        workdir = _workdir()
        value = None if workdir is None else run_directory.onednn_to_set(workdir)
    if value is not None:
        command_line.start_again("trainers.train", "as the run began", {ONEDNN: value})
    main()


def run() -> None:
    """The command keras-vae-train."""
    command_line.run(_main_as_the_run_began)


if __name__ == "__main__":
    run()
