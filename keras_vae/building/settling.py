"""What the data settles of a config: recipe, shape, levels, classes and binarization."""

import numpy as np

from keras_vae import data
from keras_vae.building.choosing import choose
from keras_vae.building.parts import (
    CONDITIONS,
    LIKELIHOODS,
    channel_dependence_of,
    likelihood_of,
    support_of,
    takes_labels,
)
from keras_vae.building.visible_part import visible_part
from keras_vae.config import Config
from keras_vae.config.recipes import Unnamed
from keras_vae.inputs import ExampleSpec
from keras_vae.likelihoods import Support
from keras_vae.ops import dtype_policy


def settle(config: Config, dataset: data.Dataset) -> Config:
    """The config with what the data settles filled in: shape, levels, classes and binarization.

    The recipe is filled in too where none is named, and image_size where images of many sizes were
    brought to one.

    Raises:
      ValueError: the likelihood gives no mass to such data, the data lacks the condition, or
        options can't be combined.
    """
    images = dataset.train
    if isinstance(config, Unnamed):
        config = choose(config, images)
    if config.data.image_size is None:
        config = config.replace(image_size=dataset.image_size)
    name = config.model.likelihood
    config = config.replace(event_shape=images.shape, num_examples=images.num_examples).check()
    support = support_of(config.model)
    needs_binary = support is Support.BINARY
    if support is Support.COUNTS and images.dtype != bool:
        _check_counts(name, images, config.data.binarization)
    binarization = data.resolve(config.data.binarization, images, needs_binary)
    others = [s for s in (dataset.validation, dataset.test) if s is not None]
    for split in others:  # They are binarized as train is; this checks their values.
        data.resolve(binarization, split, needs_binary=False)
    config = config.replace(
        binarization=binarization,
        modality=images.modality.to_dict(),
        sees_mask=images.modality.has_gaps
        or any(split.mask is not None for split in (images, *others)),
    )
    images.modality.check_config(config)
    levels = 2 if binarization != "none" else images.levels
    if support is Support.LEVELS and levels is None:
        raise ValueError(
            f"likelihood={name} is for quantised data such as 8-bit images; this data has real "
            "values. Use likelihood=normal."
        )
    config = config.replace(
        levels=levels,
        dtype_policy=dtype_policy.chosen(config.training.dtype_policy),
        **_channels(config),
        **_condition(config, dataset),
    )
    spec = example_spec(config)
    for split in (images, *others):
        if split.mask is not None:
            spec.check_known(split.mask)
        if images.dtype == np.float32 and binarization == "none":
            spec.check(split.array)
    return config


def example_spec(config: Config) -> ExampleSpec:
    """What the examples of a resolved config are to its model."""
    return ExampleSpec(likelihood_of(config.model), config.model.levels)


def _check_counts(name, images, binarization):
    if binarization not in (None, "none"):
        raise ValueError(
            f"likelihood={name} with binarization={binarization}: counts aren't grey values to "
            "make black or white. Leave binarization out."
        )
    if images.dtype in (np.uint8, np.uint16) and images.levels is not None:
        raise ValueError(
            f"likelihood={name} is for counts; this data was loaded as images of {images.levels} "
            "levels. Load it with values='counts'."
        )


def _channels(config):
    """Whether channels depend on each other, where the likelihood has that option."""
    model = config.model
    if "channel_dependence" not in LIKELIHOODS[model.likelihood].options:
        return {}
    return {"channel_dependence": channel_dependence_of(model, model.event_shape)}


def _condition(config, dataset):
    """The options that a condition needs from the data."""
    if takes_labels(config.model):
        splits = [s for s in (dataset.train, dataset.validation, dataset.test) if s is not None]
        if any(split.labels is None for split in splits):
            raise ValueError(
                f"condition={config.model.condition} needs labels, and dataset={dataset.name} has "
                "a split without them. Use condition=none."
            )
        lowest = min(split.labels.min() for split in splits)
        if lowest < 0:
            raise ValueError(
                f"condition={config.model.condition} needs labels from 0 on, got {lowest}. Number "
                "the classes from 0."
            )
        names = dataset.train.class_names
        found = int(max(split.labels.max() for split in splits)) + 1
        # A class may have a name and no image.
        return {"num_classes": len(names) if names else found, "class_names": names}
    if "visible" in CONDITIONS[config.model.condition].options:
        mask = visible_part(config.model.visible, *dataset.train.shape[:2])
        return {"visible_mask": tuple(mask.astype(int).ravel().tolist())}
    return {}
