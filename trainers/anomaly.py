"""Tells other data from a run's: python -m trainers.anomaly --run=runs/a --dataset=kmnist."""

from absl import flags

from keras_vae import command_line, runs
from keras_vae.tasks import anomalies
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run()
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_string("dataset", None, "the other data, named as for trainers.train", required=True)
flags.DEFINE_string("data_dir", None, "folder of prepared TFDS sets; default: TFDS' own")
flags.DEFINE_integer("num_examples", 1000, "test examples of each data set, at most", lower_bound=2)
flags.DEFINE_integer("num_samples", None, config_flags.NUM_SAMPLES.format(500, 10), lower_bound=1)
flags.DEFINE_integer("evaluation_seed", 0, "seed of these samples", lower_bound=0)


def main() -> None:
    with command_line.checking_input():
        found = runs.load(FLAGS.run, FLAGS.checkpoint)
        other = anomalies.load_other(found, FLAGS.dataset, FLAGS.data_dir)
    anomalies.score(found, other, FLAGS.num_examples, FLAGS.num_samples, FLAGS.evaluation_seed)


def run() -> None:
    """The command keras-vae-anomaly."""
    command_line.run(main)


if __name__ == "__main__":
    run()
