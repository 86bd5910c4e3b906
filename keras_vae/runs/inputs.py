"""From a config to its data: loaded, checked against the model, binarized."""

import dataclasses
import pathlib

import numpy as np

from keras_vae import conditions, data, seeds
from keras_vae.batches import Batch
from keras_vae.build import LIKELIHOODS
from keras_vae.config import Config
from keras_vae.examples import ExampleSpec
from keras_vae.likelihoods import Support
from keras_vae.runs import loading
from keras_vae.seeds import Site

SPLITS = ("train", "validation", "test")  # A split's number is part of its seed.


def load(config: Config) -> data.Dataset:
    """The data set that the config names.

    Raises:
      ValueError, OSError: it isn't there or can't be used; see keras_vae.data.load.
    """
    options = dataclasses.asdict(config.data)
    del options["binarization"]  # It depends on what the data is: see `resolve`.
    likelihood, _ = LIKELIHOODS[config.model.likelihood]
    return data.load(
        options.pop("dataset"),
        **options,
        seed=config.training.seed,
        values=likelihood.support.name.lower(),
    )


def load_run(path, dataset: data.Dataset | None = None) -> tuple[Config, data.Dataset]:
    """The config of a run and the data that it was trained on (or `dataset`, which must be that).

    Raises:
      ValueError, OSError: it isn't a run, or its data isn't there or has changed.
    """
    stored = loading.read_run(path)
    config = Config.from_dict(stored["config"])
    dataset = dataset or load(config)
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
    """Gives labels the numbers they have in a run that was stored before ids were numbered anew.

    Then ten labels from 1 to 10 made a model of the eleven from 0 to 10.
    """
    names, model = dataset.train.class_names, config.model
    if model.condition != "label" or model.class_names or not names:
        return
    if model.num_classes > len(names) and all(name.isdigit() for name in names):
        for images in filter(None, (dataset.train, dataset.validation, dataset.test)):
            images.labels = np.array(names, np.int64)[images.labels]
            images.class_names = None


def resolve(config: Config, dataset: data.Dataset) -> Config:
    """The config with what the data settles filled in: shape, levels, classes and binarization.

    Raises:
      ValueError: the likelihood gives no mass to such data, a condition isn't in it, or options
        can't be together.
    """
    images, name = dataset.train, config.model.likelihood
    config = config.replace(event_shape=images.shape, num_examples=images.num_examples).check()
    likelihood, _ = LIKELIHOODS[name]
    needs_binary = likelihood.support is Support.BINARY
    if likelihood.support is Support.COUNTS and images.dtype != bool:
        _check_counts(name, images, config.data.binarization)
    binarization = data.resolve(config.data.binarization, images, needs_binary)
    others = [s for s in (dataset.validation, dataset.test) if s is not None]
    for split in others:  # As train is binarized; their values are checked too.
        data.resolve(binarization, split, needs_binary=False)
    if config.data.dataset.startswith("chorales:") and binarization != "none":
        raise ValueError(
            f"likelihood={name} with binarization={binarization}: the pitches of chorales aren't "
            "grey values to make black or white. Use likelihood=categorical (or recipe=music)."
        )
    levels = 2 if binarization != "none" else images.levels
    if likelihood.support is Support.LEVELS and levels is None:
        raise ValueError(
            f"likelihood={name} is for quantised data such as 8-bit images; this data has real "
            "values. Use likelihood=normal."
        )
    config = config.replace(levels=levels, binarization=binarization, **_condition(config, dataset))
    if images.dtype == np.float32 and binarization == "none":
        spec = example_spec(config)
        for split in (images, *others):
            spec.check(split.array)
    return config


def example_spec(config: Config) -> ExampleSpec:
    """What the examples of a resolved config are to its model."""
    likelihood, arguments = LIKELIHOODS[config.model.likelihood]
    head = likelihood(config.model.event_shape, *arguments(config.model))
    return ExampleSpec(head, config.model.levels)


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


def _condition(config, dataset):
    """The options that a condition needs from the data."""
    if config.model.condition == "label":
        splits = [s for s in (dataset.train, dataset.validation, dataset.test) if s is not None]
        if any(split.labels is None for split in splits):
            raise ValueError(
                f"condition=label needs labels, and dataset={dataset.name} has none in each split."
            )
        lowest = min(split.labels.min() for split in splits)
        if lowest < 0:
            raise ValueError(f"condition=label needs labels from 0 on, got {lowest}.")
        names = dataset.train.class_names
        found = int(max(split.labels.max() for split in splits)) + 1
        # A class may have a name and no image.
        return {"num_classes": len(names) if names else found, "class_names": names}
    if config.model.condition == "image_part":
        return {"visible_mask": _visible_mask(config.model.visible, *dataset.train.shape[:2])}
    return {}


def _visible_mask(visible, height, width):
    """The mask of that name, or in that file, as a tuple of rows put end to end."""
    from PIL import Image, UnidentifiedImageError  # Takes its time to import.

    if visible in conditions.VISIBLE:
        mask = conditions.VISIBLE[visible](height, width)
    else:
        path = pathlib.Path(visible).expanduser()
        if not path.is_file():
            raise ValueError(
                f"visible must be one of {', '.join(conditions.VISIBLE)}, or an image file; got "
                f"{visible!r}."
            )
        try:
            with Image.open(path) as image:
                if image.has_transparency_data or image.mode[0] in "IF":
                    raise ValueError(
                        f"visible={visible} must be of 8 bits a pixel and without transparency, "
                        f"white where a pixel is given, got mode {image.mode}. Save it so."
                    )
                mask = np.asarray(image.convert("L")) >= 128
        except UnidentifiedImageError as error:
            raise ValueError(f"visible={visible} is no image file.") from error
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"visible={visible} can't be read as an image: {error}.") from error
        if mask.shape != (height, width):
            raise ValueError(
                f"visible={visible} is of {mask.shape[0]}x{mask.shape[1]} pixels, the data of "
                f"{height}x{width}. Resize the mask."
            )
    return tuple(mask.astype(int).ravel().tolist())


def first_examples(config: Config, dataset: data.Dataset, n: int, split: str = "test") -> Batch:
    """Up to n examples of a split as the model sees them, as arrays."""
    size = min(n, getattr(dataset, split).num_examples)
    batch = next(iter(evaluation_batches(config, dataset, split, size)))
    return Batch(*(None if part is None else part.numpy() for part in batch))


def evaluation_batches(
    config: Config, dataset: data.Dataset, split: str, batch_size: int, draw_noise=None
):
    """All examples of a split in order, as the model sees them, in batches.

    Args:
      config: a resolved one.
      dataset: its data.
      split: "train", "validation" or "test": each is binarized by draws of its own.
      batch_size: B.
      draw_noise: as in `data.evaluation_batches`.
    """
    return data.evaluation_batches(
        getattr(dataset, split),
        batch_size=batch_size,
        seed=seeds.derive(config.training.seed, Site.EVALUATE, SPLITS.index(split)),
        binarization=config.data.binarization,
        draw_noise=draw_noise,
        with_labels=config.model.condition == "label",
    )
