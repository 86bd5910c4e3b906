"""Image sets of tensorflow_datasets (TFDS): prepared ones from disk, others by download."""

import difflib
import math
import os
import urllib.error
import urllib.request
from collections.abc import Mapping

import numpy as np

from keras_vae.data import tfds_labels, tfds_pixels, tfds_rows, tfds_streams
from keras_vae.data.arrays import from_arrays
from keras_vae.data.split import Split, check_fits, chunk_size_for
from keras_vae.data.split_names import SPLITS, split_of


def read(
    name: str,
    data_dir: str | None,
    image_size: int | None,
    memory_limit_gb: float,
    label: str | None = None,
    *,
    resize: str = "crop",
    alpha_background: str = "ignore",
    values: str = "unit",
    grey_levels: int | None = None,
) -> tuple[Mapping[str, Split], list[str], int | None]:
    """Loads or opens a TFDS set that has a feature "image".

    Several features "label_shape", "label_scale", … are the factors.

    Args:
      name: as for tfds.load: "mnist", "name/config", "name:1.0.0".
      data_dir: where sets are prepared, or None for TFDS' default.
      image_size: pixels to bring images to; None keeps one size, and brings many to COMMON_SIZE.
      memory_limit_gb: a set whose decoded images are larger is streamed.
      label: the feature that gives the labels, as in "attributes/Eyeglasses" one in another; None
        takes "label" where there is one.
      resize: how to bring them to image_size, "crop", "pad" or "stretch".
      alpha_background: "white", "black" or "RRGGBB", what stands behind images with transparency;
        "ignore" leaves it as a fourth channel.
      values, grey_levels: see `from_arrays`.

    Returns:
      (dict name of a split -> Split, list of notes, the size that images were brought to or None).

    Raises:
      FileNotFoundError: not prepared, and no network.
      ValueError: unknown name, no images, no such label.
    """
    builder = _builder(name, data_dir)
    features = builder.info.features
    column, class_names, notes = tfds_labels.find(builder.name, features, label)
    if "image" not in features or len(features["image"].shape or ()) != 3:
        raise ValueError(
            f'dataset={name} must have a feature "image" [H, W, C]; it has '
            f"{', '.join(features)}. Choose an image set."
        )
    sources, unused = _splits(builder)
    if unused:
        notes.append(f"not used: the splits {', '.join(unused)}")
    if "train" not in sources:
        raise ValueError(
            f"dataset={name} must have a train split; it has {', '.join(builder.info.splits)}."
        )
    prepare, shape, image_size, more = tfds_pixels.preparation(
        features["image"], image_size, resize, alpha_background
    )
    notes += more
    check_fits(name, shape, features["image"].np_dtype, memory_limit_gb)
    sizes = {split: builder.info.splits[found].num_examples for split, found in sources.items()}
    bytes_each = math.prod(shape) * np.dtype(features["image"].np_dtype).itemsize
    limit = memory_limit_gb * 1e9
    if sum(sizes.values()) * bytes_each > limit:
        how = [] if resize == "crop" or not image_size else [resize]
        how += [alpha_background] if shape[2] != features["image"].shape[2] else []
        stream = tfds_streams.Stream(builder, prepare, shape, [image_size, *how], sources)
        streamed, more = stream.open(
            chunk_size_for(shape, limit), column, class_names, values, grey_levels
        )
        return streamed, notes + more, image_size
    factors = tfds_labels.factors(features)
    columns = ["image", *({*factors} if column is None else {column, *factors})]
    found = {
        split: tfds_rows.read(builder, source, sizes[split], columns, prepare)
        for split, source in sources.items()
    }
    by_column = {key: {split: rows[key] for split, rows in found.items()} for key in columns}
    named = {
        split: {name: rows[column] for column, name in factors.items()}
        for split, rows in found.items()
    }
    if image_size and resize == "crop":
        _check_crop(name, image_size, by_column["image"]["train"])
    splits, more = from_arrays(
        name,
        by_column["image"],
        None if column is None else by_column[column],
        named if factors else None,
        class_names=class_names,
        values=values,
        grey_levels=grey_levels,
        channels="last",
    )
    return splits, notes + more, image_size


def network_is_there(
    url: str = "https://storage.googleapis.com/tfds-data/", timeout: float = 3.0
) -> bool:
    """Whether TFDS' own host answers within `timeout` seconds (through a proxy if one is set)."""
    try:
        urllib.request.urlopen(url, timeout=timeout).close()
    except urllib.error.HTTPError:
        return True  # an answer, even if it is a refusal
    except OSError:
        return False
    return True


def _builder(name, data_dir):
    """The builder of a prepared set; the disk is asked first, since builders ask the network."""
    import tensorflow_datasets as tfds

    data_dir = data_dir and os.path.expanduser(data_dir)
    try:
        return tfds.core.read_only_builder.builder_from_files(name, data_dir=data_dir)
    except ValueError:  # not there (DatasetNotFoundError), or not even a possible name
        pass
    # Community sets are left out: listing them needs the network.
    known = tfds.list_builders(with_community_datasets=False)
    base = name.partition("/")[0].partition(":")[0]
    where = data_dir or tfds.core.constants.DATA_DIR
    if base not in known:
        near = difflib.get_close_matches(base, known, n=5) or ["mnist", "cifar10"]
        raise ValueError(
            f"dataset={name} is not known to TFDS, nor prepared in {where}. Near names: "
            f"{', '.join(near)}. Other sources: digits, sprites, folder:PATH, npz:PATH, "
            "npy:PATH, chorales:PATH."
        )
    if not network_is_there():
        raise FileNotFoundError(
            f"dataset={name} is not prepared in {where}, and there is no network to fetch it. Give "
            "the data_dir that holds it, or use digits, sprites, folder:PATH or npz:PATH."
        )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        builder.download_and_prepare()
    except Exception as error:  # a download can fail in any way
        raise ValueError(
            f"dataset={name} could not be fetched into {where}: {' '.join(str(error).split())}"
        ) from error
    return builder


def _splits(builder):
    """(dict split -> name of a split that has images, names of others that aren't used)."""
    there = {name for name, split in builder.info.splits.items() if split.num_examples}
    # Where several names mean one split, the first of the known names is taken.
    ranks = {name: rank for names in SPLITS.values() for rank, name in enumerate(names)}
    found: dict[str, str] = {}
    for name in sorted(there, key=lambda name: ranks.get(name.lower(), 0)):
        if split := split_of(name):
            found.setdefault(split, name)
    found = {split: found[split] for split in SPLITS if split in found}
    return found, sorted(there - set(found.values()))


def _check_crop(name, image_size, train):
    if train.min() == train.max():
        raise ValueError(
            f"dataset={name} cropped to the centre by image_size={image_size} is of one colour, "
            f"{train.flat[0]}. Use resize=pad or resize=stretch."
        )
