"""Measures a SavedModel that export.export wrote, on the test split of the run it is of."""

import json
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tf, tfk
from keras_vae.blocks import as_floats
from keras_vae.build import LIKELIHOODS
from keras_vae.config import Config
from keras_vae.files import check_folder, write_atomically
from trainers import inputs
from trainers.measure import load_data
from trainers.printing import print_numbers


class Exported(NamedTuple):
    """An export, read.

    Attributes:
      path: its folder.
      config, dataset: of the run.
      model: the SavedModel; whoever calls its signature keeps it alive.
    """

    path: pathlib.Path
    config: Config
    dataset: Any
    model: Any


def is_export(path) -> bool:
    """Whether `path` is the folder of an export."""
    return (pathlib.Path(path) / "saved_model").is_dir()


def load(path) -> Exported:
    """Reads an export.

    Raises:
      ValueError, OSError: it is of no run, of an autoencoder, can't be written, or the run's data
        isn't there or has changed.
    """
    path = pathlib.Path(path)
    check_folder("run", path)
    config, dataset = load_data(path)
    model = tf.saved_model.load(str(path / "saved_model"))
    if "log_prob" not in model.signatures:
        raise ValueError(f"run={path} is the export of an autoencoder, which has no likelihood.")
    return Exported(path, config, dataset, model)


def measure(exported: Exported, num_samples: int, seed: int = 0) -> dict:
    """Prints the likelihood of the test split and writes evaluation.json; returns its content.

    Args:
      exported: what `load` gave.
      num_samples, seed: of the importance samples.
    """
    path, config, dataset, model = exported
    batches = inputs.evaluation_batches(config, dataset, "test", batch_size=100)
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    columns, first = [], 0
    for i, (x, _, condition) in enumerate(batches):
        index = tf.range(first, first + len(x))
        arguments = {
            "x": as_floats(x),
            "k": tf.constant(num_samples),
            "seed": tf.stack([tf.fill(index.shape, seed), index], axis=1),
        }
        if condition is not None:
            arguments["condition"] = condition
        columns.append(model.signatures["log_prob"](**arguments))
        first += len(x)
        bar.update(i + 1)
    examples = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
    examples["nll"] = -examples.pop("log_prob")
    result = evaluation.means(examples)
    likelihood, shape = LIKELIHOODS[config.model.likelihood][0], config.model.event_shape
    result |= {
        "bits_per_dim": evaluation.bits_per_dim(result["nll_nats"], likelihood, shape),
        "num_samples": num_samples,
        "seed": seed,
        "dataset": dataset.name,
        "split": "test",
        "binarization": config.data.binarization,
        "binarization_seed": config.training.seed,
    }
    write_atomically(path / "evaluation.json", json.dumps(result, indent=2) + "\n")
    print_numbers(result)
    return result
