"""Fills unknown values: python -m trainers.impute --run=runs/a --dataset=npz:in.npz --out=out.npz

Values are taken as missing at random, given the known ones (MAR).
"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.tasks import imputed_file, other_data
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run()
config_flags.define_source()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_string("out", None, "the file to write: .npz, for tables .csv", required=True)
flags.DEFINE_integer("draws", 0, "multiple imputations to draw beside the mean", lower_bound=0)
flags.DEFINE_integer("num_samples", None, config_flags.NUM_SAMPLES.format(1000, 20), lower_bound=1)
flags.DEFINE_integer("seed", 0, "seed of all draws", lower_bound=0)


def main() -> None:
    out = pathlib.Path(FLAGS.out)
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        source = other_data.source(found, **config_flags.source_from_flags())
        imputed_file.check(found, source, out)
    imputed_file.write_imputed(found, source, out, FLAGS.draws, FLAGS.num_samples, FLAGS.seed)
    print("Wrote", out)


def run() -> None:
    """The command keras-vae-impute."""
    command_line.run(main)


if __name__ == "__main__":
    run()
