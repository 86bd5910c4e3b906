"""Measures a trained run: python -m trainers.evaluate --run=runs/demo --num_samples=5000."""

import json
import pathlib

from absl import flags

from keras_vae import app, evaluation, saving
from keras_vae.config import Config
from trainers import inputs, run_directory

FLAGS = flags.FLAGS


def _define_flags():
    flags.DEFINE_string("run", None, "the run directory", required=True)
    flags.DEFINE_integer("num_samples", 5000, "k, importance samples per example", lower_bound=1)
    flags.DEFINE_integer("evaluation_seed", 0, "of these samples", lower_bound=0)
    flags.DEFINE_enum("checkpoint", "auto", ["auto", "best", "last"], "auto: best if there is one")


def evaluate_run(
    path, num_samples: int, seed: int = 0, checkpoint: str = "auto", dataset=None
) -> dict:
    """Measures a run's test split, prints the numbers, writes evaluation.json and report.html.

    Args:
      path: the run directory.
      num_samples, seed: of the importance samples.
      checkpoint: "best", "last" or "auto".
      dataset: the run's data, if it is loaded already.

    Returns:
      The content of evaluation.json.
    """
    from trainers import report  # matplotlib takes a second to import.

    path = pathlib.Path(path)
    with app.checking_input():
        stored = saving.read_run(path)
        config = Config.from_dict(stored["config"])
        vae = saving.load(path, checkpoint)
        dataset = dataset or inputs.load(config)
        if dataset.fingerprint != stored["data"]["fingerprint"]:
            raise ValueError(f"the data of {path} has changed since it was trained.")
    batches = inputs.evaluation_batches(config, dataset.test, batch_size=100)
    result = evaluation.likelihood(vae, batches, num_samples, seed)
    result |= {
        "active_units": evaluation.active_units(vae, batches),
        "dataset": dataset.name,
        "split": "test",
        "binarization": config.data.binarization,
        "binarization_seed": config.training.seed,
        "checkpoint": pathlib.Path(saving.find_checkpoint(path, checkpoint)).parent.name,
        "ema": config.training.ema_decay is not None,
    }
    run_directory.write_atomically(path / "evaluation.json", json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        print(f"{name:>22}: {value:.4f}" if isinstance(value, float) else f"{name:>22}: {value}")
    num_shown = min(1000, dataset.test.num_examples)
    examples = next(iter(inputs.evaluation_batches(config, dataset.test, num_shown))).x.numpy()
    labels = dataset.test.labels
    page = report.write_report(
        path, vae, config, result, examples, None if labels is None else labels[:num_shown]
    )
    print("Report:", page)
    return result


def main() -> None:
    evaluate_run(FLAGS.run, FLAGS.num_samples, FLAGS.evaluation_seed, FLAGS.checkpoint)


def run() -> None:
    """The command keras-vae-evaluate."""
    _define_flags()
    app.run(main)


if __name__ == "__main__":
    run()
