"""log p of each example: python -m trainers.score --run=runs/demo --dataset=npz:new.npz

Without a dataset it is that of the run's own test split.
"""

import pathlib

from absl import flags

from keras_vae import command_line, runs
from keras_vae.tasks import example_scores, other_data
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run()
config_flags.define_source()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_integer("num_samples", None, config_flags.NUM_SAMPLES.format(500, 10), lower_bound=1)
flags.DEFINE_integer(
    "num_examples", None, "examples to score, from the first on (default: all)", lower_bound=1
)
flags.DEFINE_integer("evaluation_seed", 0, "seed of these samples", lower_bound=0)
flags.DEFINE_string("out", None, "the CSV file to write; default: RUN/scores.csv")


def main() -> None:
    out = pathlib.Path(FLAGS.out or pathlib.Path(FLAGS.run, "scores.csv"))
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        example_scores.check(found, out)
        source = other_data.source(found, **config_flags.source_from_flags())
    example_scores.write_scores(
        found, source, out, FLAGS.num_examples, FLAGS.num_samples, FLAGS.evaluation_seed
    )
    print("Wrote", out)


def run() -> None:
    """The command keras-vae-score."""
    command_line.run(main)


if __name__ == "__main__":
    run()
