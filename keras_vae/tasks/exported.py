"""Measures a SavedModel that export.export wrote, on the test split of the run it is of."""

import json
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tf, tfk
from keras_vae.building import settling
from keras_vae.building.parts import CONDITIONS, LIKELIHOODS, POSTERIORS
from keras_vae.config import Config
from keras_vae.config.structure_rules import has_layers_of_maps
from keras_vae.data import Dataset
from keras_vae.files import check_folder, checksums
from keras_vae.runs import loading, run_data
from keras_vae.runs.run import provenance
from keras_vae.tasks import extent, measuring
from keras_vae.trusted import graphs


class Exported(NamedTuple):
    """An export, read.

    Attributes:
      path: its folder.
      config, dataset: of the run.
      origin: of the run's weights, as `loading.origin` has it.
      model: the SavedModel; whoever calls its signature keeps it alive.
    """

    path: pathlib.Path
    config: Config
    dataset: Dataset
    origin: dict
    model: Any


def load_export(path: str | pathlib.Path) -> Exported:
    """Reads an export.

    Raises:
      ValueError, OSError: it is of no run, of an autoencoder, has no SavedModel, or one that is
        damaged or holds operators that no export has, can't be written, or the run's data isn't
        there or has changed.
    """
    path = pathlib.Path(path)
    check_folder("run", path)
    if not (path / "saved_model").is_dir():
        raise FileNotFoundError(f"run={path} has no SavedModel. Export with formats=savedmodel.")
    config, dataset = run_data.load_config_and_data(path)
    checksums.check_files(path, _checksums(path))
    model = graphs.load_saved_model(path / "saved_model")
    if "log_prob" not in model.signatures:
        raise ValueError(f"run={path} is the export of an autoencoder, which has no likelihood.")
    return Exported(
        path, config, dataset, loading.read_config_json(path).get("exported", {}), model
    )


def _checksums(path):
    """{name: SHA-256} of the SavedModel's files, from the export's parity.json, if it has them."""
    file = path / "parity.json"
    try:
        return json.loads(file.read_text())["artefacts"]["saved_model"].get("sha256")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{file} isn't an export's ({error!r}). Export the run anew.") from error


def evaluate_export(
    exported: Exported,
    num_samples: int | None = None,
    seed: int = 0,
    num_examples: int | None = None,
) -> dict:
    """Prints the likelihood of the test split.

    Writes evaluation.json, and evaluation.npz with the numbers of each example.

    Args:
      exported: what `load_export` gave.
      num_samples, seed, num_examples: see `measuring.evaluate`.

    Returns:
      The content of evaluation.json.
    """
    path, config, dataset, origin, model = exported
    of_maps = has_layers_of_maps(config.model)
    num_samples = evaluation.num_samples_of(of_maps, num_samples)
    there = dataset.test.num_examples
    dataset = extent.cut(dataset, num_examples or there)
    batches = run_data.evaluation_batches(config, dataset, "test", measuring.BATCH_SIZE)
    bar = tfk.utils.Progbar(len(batches), unit_name="batch")
    spec = settling.example_spec(config)
    columns, first = [], 0
    for i, batch in enumerate(batches):
        index = tf.range(first, first + len(batch.x))
        arguments = {
            "x": spec.floats(batch.x),
            "k": tf.constant(num_samples),
            "seed": tf.stack([tf.fill(index.shape, seed), index], axis=1),
        }
        if batch.condition is not None:
            arguments["condition"] = batch.condition
        if config.model.sees_mask:
            mask = tf.ones(batch.x.shape, tf.bool) if batch.mask is None else batch.mask
            arguments["mask"] = mask
        known = {} if batch.mask is None else {"num_known": evaluation.num_known(batch.mask)}
        columns.append(model.signatures["log_prob"](**arguments) | known)
        first += len(batch.x)
        bar.update(i + 1)
    examples = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
    examples["nll"] = -examples.pop("log_prob")
    result: dict[str, Any] = evaluation.means(examples, num_samples)
    result |= evaluation.in_bits(
        result,
        LIKELIHOODS[config.model.likelihood].kind,
        dataset.test.shape,
        CONDITIONS[config.model.condition](config.model),
        examples,
    )
    result |= {
        "num_samples": num_samples,
        "num_test_examples": there,
        "seed": seed,
        # The signature doesn't say which latent, or layer, the rate is of.
        "rate_nats_by_layer": None,
        **provenance(config, dataset, origin),
    }
    has_encoder = POSTERIORS[config.model.posterior].kind is not None
    result["alarms"] = evaluation.alarms(result, has_encoder, of_maps)
    measuring.write_measured(path, result, examples)
    return result
