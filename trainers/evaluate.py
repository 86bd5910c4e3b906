"""Measures a trained run: python -m trainers.evaluate --run=runs/demo --num_samples=5000."""

from absl import flags

from keras_vae import app
from trainers import fitted_prior, measure

FLAGS = flags.FLAGS
flags.DEFINE_string("run", None, "the run directory", required=True)
flags.DEFINE_integer("num_samples", 5000, "k, importance samples per example", lower_bound=1)
flags.DEFINE_integer("evaluation_seed", 0, "of these samples", lower_bound=0)
flags.DEFINE_enum("checkpoint", "auto", ["auto", "best", "last"], "auto: best if there is one")


def main() -> None:
    with app.checking_input():
        loaded = measure.load(FLAGS.run, FLAGS.checkpoint)
    fitted_prior.ensure(loaded)
    measure.measure(loaded, FLAGS.num_samples, FLAGS.evaluation_seed)


def run() -> None:
    """The command keras-vae-evaluate."""
    app.run(main)


if __name__ == "__main__":
    run()
