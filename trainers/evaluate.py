"""Measures a trained run: python -m trainers.evaluate --run=runs/demo --num_samples=5000.

Or the SavedModel of an export: python -m trainers.evaluate --run=runs/demo/export
"""

from absl import flags

from keras_vae import command_line, runs
from keras_vae.runs import loading, run_data
from keras_vae.tasks import exported, measuring, sample_quality
from trainers import flags as config_flags

FLAGS = flags.FLAGS
config_flags.define_run("the run directory, or the folder of an export")
flags.adopt_module_key_flags(config_flags)  # So that --help shows them.
flags.DEFINE_integer("num_samples", None, config_flags.NUM_SAMPLES.format(5000, 100), lower_bound=1)
flags.DEFINE_integer("num_examples", None, config_flags.NUM_EXAMPLES.format("all"), lower_bound=1)
flags.DEFINE_integer("evaluation_seed", 0, "seed of these samples", lower_bound=0)
flags.DEFINE_integer(
    "ais_examples", 0, "test examples for annealed importance sampling; 0: none", lower_bound=0
)
flags.DEFINE_integer("ais_temperatures", 200, "steps of each annealing chain", lower_bound=2)
flags.DEFINE_integer("ais_chains", 16, "annealing chains for each example", lower_bound=1)
flags.DEFINE_string(
    "features",
    None,
    "a .keras file that tf_keras wrote, of a network of your own: samples are compared with test "
    "images in its outputs. It is given pixels from 0 to 1, resized to its input (default: "
    "Inception, if its weights are on this machine, or what is made of the training images)",
)


def main() -> None:
    if loading.is_export(FLAGS.run):
        with command_line.checking_input():
            if FLAGS.ais_examples or FLAGS.checkpoint != "auto" or FLAGS.features:
                raise ValueError(
                    f"run={FLAGS.run} is an export: it has no checkpoints to choose from, none of "
                    "its signatures serves annealing, and its samples aren't compared. Leave out "
                    "checkpoint, ais_examples and features."
                )
            found = exported.load_export(FLAGS.run)
            run_data.check_num_examples(FLAGS.num_examples, found.dataset)
        exported.evaluate_export(
            found, FLAGS.num_samples, FLAGS.evaluation_seed, FLAGS.num_examples
        )
        return
    annealing = features = None
    if FLAGS.ais_examples:
        annealing = measuring.Annealing(
            FLAGS.ais_examples, FLAGS.ais_temperatures, FLAGS.ais_chains
        )
    with command_line.checking_input():
        loaded = runs.load(FLAGS.run, FLAGS.checkpoint)
        run_data.check_num_examples(FLAGS.num_examples, loaded.data)
        if annealing is not None:
            measuring.check_annealing(loaded)
        if FLAGS.features:
            features = sample_quality.stored_features(loaded, FLAGS.features)
    measuring.evaluate(
        loaded, FLAGS.num_samples, FLAGS.evaluation_seed, annealing, FLAGS.num_examples, features
    )


def run() -> None:
    """The command keras-vae-evaluate."""
    command_line.run(main)


if __name__ == "__main__":
    run()
