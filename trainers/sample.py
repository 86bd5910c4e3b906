"""Samples of a run as files: python -m trainers.sample --run=runs/demo --n=1000 --out=FOLDER"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.tasks import sample_files
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_integer("n", 64, "number of samples", lower_bound=1)
flags.DEFINE_string(
    "out", None, "folder to write, new or empty; for tables the .csv file", required=True
)
flags.DEFINE_integer("seed", 0, "the same seed gives the same samples", lower_bound=0)
flags.DEFINE_float(
    "temperature", 1.0, "of the prior; below 1 safer and less varied", lower_bound=0.0
)
flags.DEFINE_list(
    "condition",
    [],
    "labels or their names, which samples of a model that is given labels have in turn (default: "
    "all); of tables, cells that all rows have, as in sex=Female,age=30",
)
flags.DEFINE_bool("means", False, "write means of p(x|z) in place of draws")


def main() -> None:
    out = pathlib.Path(FLAGS.out)
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        sample_files.check(found, out)
        sample_files.conditions(found, FLAGS.n, FLAGS.condition)
    sample_files.sample(
        found,
        FLAGS.n,
        out,
        seed=FLAGS.seed,
        temperature=FLAGS.temperature,
        condition=FLAGS.condition,
        means=FLAGS.means,
    )
    print("Wrote", out)


def run() -> None:
    """The command keras-vae-sample."""
    command_line.run(main)


if __name__ == "__main__":
    run()
