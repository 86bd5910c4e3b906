"""The data that a config names: loaded, the same as at training, as the model sees it."""

import dataclasses
import pathlib
from typing import cast

import numpy as np

from keras_vae import data, modality, seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.building.parts import support_of, takes_labels
from keras_vae.config import Config
from keras_vae.runs import loading

SPLITS = seeds.SPLITS


def load_data(config: Config) -> data.Dataset:
    """The data set that the config names.

    Raises:
      ValueError, OSError: it isn't there or can't be used; see keras_vae.data.load.
    """
    return data.load(**_options(config))


def read_data(config: Config) -> tuple[dict[str, data.Split], list[str]]:
    """(the splits that the data set has, none held out of another; notes).

    Raises:
      ValueError, OSError: as of `load_data`.
    """
    options = _options(config)
    del options["validation_size"], options["stratified"]
    splits, notes, _ = data.read(**options)
    return splits, notes


def _options(config):
    options = dataclasses.asdict(config.data)
    del options["binarization"]  # It depends on what the data is: see `settling.resolve`.
    return options | {
        "seed": config.training.seed,
        "values": support_of(config.model).name.lower(),
        "stored_schema": modality.of_facts(config.model.modality),
    }


def load_config_and_data(
    path: str | pathlib.Path, dataset: data.Dataset | None = None
) -> tuple[Config, data.Dataset]:
    """The config of a run and the data that it was trained on (or `dataset`, which must be that).

    Raises:
      ValueError, OSError: it isn't a run, or its data isn't there or has changed.
    """
    stored = loading.read_config_json(path)
    config = Config.from_dict(stored["config"])
    try:
        dataset = dataset or load_data(config)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} If the data of run={path} has moved, tell the run: train once with "
            f"workdir={path}, and dataset=KIND:PATH or data_dir=DIR of where it is now."
        ) from None
    if dataset.fingerprint != stored["data"]["fingerprint"]:
        shape, wanted = dataset.test.shape, config.model.event_shape
        sizes = "" if shape == wanted else f" (examples of {shape} now, of {wanted} then)"
        raise ValueError(
            f"the data of run={path} has changed since its training{sizes}: its numbers would not "
            "be of the same test split. Restore the data or train anew."
        )
    _restore_labels(config, dataset)
    return config, dataset


def _restore_labels(config, dataset):
    """Gives labels their numbers in a run that is older than the renumbering of labels.

    In such a run, ten labels from 1 to 10 made a model of eleven labels from 0 to 10.
    """
    names, model = dataset.train.class_names, config.model
    if not takes_labels(model) or model.class_names or not names:
        return
    if model.num_classes > len(names) and all(name.isdigit() for name in names):
        for images in filter(None, (dataset.train, dataset.validation, dataset.test)):
            images.labels = np.array(names, np.int64)[images.labels]
            images.class_names = None


def check_num_examples(num_examples: int | None, dataset: data.Dataset) -> None:
    """Raises ValueError unless the test split has so many examples; None are all."""
    there = dataset.test.num_examples
    if num_examples is not None and not 1 <= num_examples <= there:
        raise ValueError(
            f"num_examples must be from 1 to {there}, the examples of the test split, got "
            f"{num_examples}."
        )


def first_examples(config: Config, dataset: data.Dataset, n: int, split: str = "test") -> Batch:
    """Up to n examples of a split as the model sees them, as arrays."""
    size = min(n, getattr(dataset, split).num_examples)
    batch = next(iter(evaluation_batches(config, dataset, split, size)))
    return batch.rows(0, size).map(lambda part: part.numpy())


def evaluation_batches(
    config: Config, dataset: data.Dataset, split: str, batch_size: int
) -> tf.data.Dataset:
    """All examples of a split in order, as the model sees them, in batches.

    Args:
      config: a resolved one.
      dataset: its data.
      split: "train", "validation" or "test": each is binarized by draws of its own.
      batch_size: B.
    """
    return data.evaluation_batches(
        getattr(dataset, split),
        batch_size=batch_size,
        seed=seeds.of_split(config.training.seed, split),
        binarization=cast(str, config.data.binarization),  # A resolved config says it.
        with_labels=takes_labels(config.model),
    )
