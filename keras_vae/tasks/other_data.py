"""Data that a run's model is used on: a split of its own, or a data set named as in training."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from keras_vae import data
from keras_vae._compat import tf
from keras_vae.building import settling
from keras_vae.building.parts import takes_labels
from keras_vae.config import Config
from keras_vae.modality import Table
from keras_vae.runs import run_data
from keras_vae.runs.run import Run


@dataclasses.dataclass(frozen=True)
class Source:
    """A split of some data, and how a run's model sees it.

    Attributes:
      config: of the run, with the name of the data.
      dataset: the data.
      split: which of its splits.
    """

    config: Config
    dataset: data.Dataset
    split: str

    @property
    def examples(self) -> data.Split:
        """The split."""
        return getattr(self.dataset, self.split)

    def batches(self, batch_size: int) -> tf.data.Dataset:
        """All examples of the split in order, as the model sees them."""
        return run_data.evaluation_batches(self.config, self.dataset, self.split, batch_size)


def config_of(run: Run, dataset: str, **options) -> Config:
    """The config of a run, its data another data set, on the scale of the run's data.

    Args:
      run: a `Run`.
      dataset: named as for `data.load`.
      **options: of the data, such as data_dir. The run's names of arrays and features, and its
        number of held-out examples, don't apply to another set, nor does its file for testing.
    """
    names = ("data_dir", "npz_keys", "missing", "label", "test_data", "schema")
    others: dict = dict.fromkeys(names)
    if isinstance(run.model.modality, Table) and takes_labels(run.config.model):
        others["label"] = run.config.data.label  # A column, which other rows have too.
    config = run.config.replace(dataset=dataset, **(others | options), validation_size=0)
    if run.data.train.dtype in (np.uint8, np.uint16) and not data.knows_levels(dataset):
        # A darker set would have fewer levels by itself, and then another scale.
        config = config.replace(grey_levels=run.data.train.levels)
    return config


def check_like(run: Run, config: Config, other: data.Dataset) -> None:
    """Raises ValueError unless examples of another data set are such as the run's model takes."""
    seen = settling.settle(config, other).check().model
    nouns, wanted = run.model.modality.nouns, run.config.model
    if seen.event_shape != wanted.event_shape:
        raise ValueError(
            f"dataset={config.data.dataset} has {nouns} of shape {seen.event_shape}, the run's "
            f"model is for {wanted.event_shape}."
        )
    if seen.levels != wanted.levels:
        raise ValueError(
            f"dataset={config.data.dataset} has {seen.levels} levels where the run's data has "
            f"{wanted.levels}: the levels alone would tell them apart."
        )
    names = other.train.class_names
    if takes_labels(wanted) and (
        names != run.data.train.class_names or (seen.num_classes or 0) > (wanted.num_classes or 0)
    ):
        raise ValueError(
            f"dataset={config.data.dataset} has other labels than the run's data, by which this "
            f"model is conditioned: {names or seen.num_classes}. Number and name them alike."
        )


def source(
    run: Run,
    dataset: str | None = None,
    split: str | None = None,
    data_dir: str | None = None,
    npz_keys: Sequence[str] | None = None,
    missing: str | None = None,
    csv_options: Sequence[str] | None = None,
) -> Source:
    """The data that a command names.

    Args:
      run: a `Run`.
      dataset, data_dir, npz_keys, missing: as for `data.read`; None is the run's own data.
      csv_options: the same; None is the run's own.
      split: which split: by default "test" or, of another set without one, all of it.

    Raises:
      ValueError, OSError: there is no such data, or the run's model can't take it.
    """
    if dataset is None:
        if data_dir or npz_keys or missing or csv_options:
            raise ValueError(
                "data_dir, npz_keys, missing and csv_options are for a dataset. Name it."
            )
        split = split or "test"
        if getattr(run.data, split) is None:
            raise ValueError(f"split={split}: the run has none. Leave it out.")
        return Source(run.config, run.data, split)
    keys = None if npz_keys is None else tuple(npz_keys)
    files = {} if csv_options is None else {"csv_options": tuple(csv_options)}
    config = config_of(run, dataset, data_dir=data_dir, npz_keys=keys, missing=missing, **files)
    splits, notes = run_data.read_data(config)
    split = split or ("test" if "test" in splits else "train")
    if split not in splits:
        raise ValueError(
            f"split={split}: dataset={dataset} has only {', '.join(splits)}. Name one of these."
        )
    found = splits[split]
    other = data.Dataset(dataset, found, None, found, "", notes)
    check_like(run, config, other)
    return Source(config, other, "test")
