"""Measures a run on its test split: evaluation.json and report.html."""

import json
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae import VAE, data, evaluation, saving
from keras_vae.blocks import Batch
from keras_vae.config import Config
from trainers import inputs, run_directory

# Examples in the report's pictures of latent space.
_NUM_SHOWN = 1000


class Run(NamedTuple):
    """A run directory, read."""

    path: pathlib.Path
    config: Config
    vae: VAE
    dataset: data.Dataset
    checkpoint: str

    @property
    def step(self) -> int:
        """The training step of the checkpoint."""
        return saving.checkpoint_step(self.checkpoint)


def load(path, checkpoint: str = "auto", dataset: Any = None) -> Run:
    """Reads a run: its config, model and data (unless `dataset` is given).

    Raises:
      ValueError, OSError: it isn't a run, has no such checkpoint, or its data has changed.
    """
    path = pathlib.Path(path)
    stored = saving.read_run(path)
    config = Config.from_dict(stored["config"])
    found = saving.find_checkpoint(path, checkpoint)
    dataset = dataset or inputs.load(config)
    if dataset.fingerprint != stored["data"]["fingerprint"]:
        raise ValueError(
            f"the data of run={path} has changed since its training: its numbers would not be of "
            "the same test split. Restore the data or train anew."
        )
    return Run(path, config, saving.load(path, checkpoint), dataset, found)


def is_measured(run: Run) -> bool:
    """Whether evaluation.json and the report are of the run's checkpoint."""
    file = run.path / "evaluation.json"
    if not file.exists() or not (run.path / "report.html").exists():
        return False
    return json.loads(file.read_text())["step"] == run.step


def measure(run: Run, num_samples: int, seed: int = 0) -> dict:
    """Measures the test split, prints the numbers, writes evaluation.json and report.html.

    Args:
      run: what `load` gave.
      num_samples, seed: of the importance samples.

    Returns:
      The content of evaluation.json: what `evaluation.likelihood` gives, and what was measured.
    """
    from trainers import music, report  # matplotlib takes a second to import.

    path, config, vae, dataset, checkpoint = run
    batches = inputs.evaluation_batches(config, dataset, "test", batch_size=100)
    result = evaluation.likelihood(vae, batches, num_samples, seed)
    result |= {
        "active_units": evaluation.active_units(vae, batches),
        "dataset": dataset.name,
        "split": "test",
        "binarization": config.data.binarization,
        "binarization_seed": config.training.seed,
        "checkpoint": pathlib.Path(checkpoint).parent.name,
        "step": run.step,
        "ema": config.training.ema_decay is not None,
    }
    labels = dataset.test.labels
    if vae.has_clusters and labels is not None:
        clusters = np.concatenate([vae.clusters(b.x, b.condition) for b in batches])
        result["cluster_accuracy"] = evaluation.cluster_accuracy(clusters, labels)
    run_directory.write_atomically(path / "evaluation.json", json.dumps(result, indent=2) + "\n")
    for name, value in result.items():
        print(f"{name:>22}: {value:.4f}" if isinstance(value, float) else f"{name:>22}: {value}")
    num_shown = min(_NUM_SHOWN, dataset.test.num_examples)
    batch = next(iter(inputs.evaluation_batches(config, dataset, "test", num_shown)))
    batch = Batch(*(None if part is None else part.numpy() for part in batch))
    shown = None
    if dataset.test.lowest_pitch is not None:
        made, levels = music.make(vae, batch), dataset.test.levels
        music.write_midi(path, made, levels, dataset.test.lowest_pitch)
        shown = music.pictures(made, vae, batch, levels)
    page = report.write_report(
        path, vae, config, result, batch, None if labels is None else labels[:num_shown], shown
    )
    print("Report:", page)
    return result
