"""Image sets of tensorflow_datasets (TFDS): prepared ones from disk, others by download."""

import contextlib
import difflib
import functools
import json
import math
import os
import urllib.error
import urllib.request

import numpy as np
from absl import logging

from keras_vae._compat import tf
from keras_vae.data.arrays import from_arrays
from keras_vae.data.images import Streamed, chunk_size_for, is_binary

READ_BATCH = 1000
SPLIT_NAMES = {"train": ["train"], "validation": ["validation", "valid"], "test": ["test"]}


def read(name, data_dir, image_size, memory_limit_gb, label=None):
    """Loads or opens a TFDS set that has a feature "image".

    Several features "label_shape", "label_scale", … are the factors.

    Args:
      name: as for tfds.load: "mnist", "name/config", "name:1.0.0".
      data_dir: where sets are prepared, or None for TFDS' default.
      image_size: None, or pixels to crop and resize to.
      memory_limit_gb: a set whose decoded images are larger is streamed.
      label: the feature that gives the labels, as in "attributes/Eyeglasses" one in another; None
        takes "label" where there is one.

    Returns:
      dict split -> Images.

    Raises:
      FileNotFoundError: not prepared, and no network.
      ValueError: unknown name, no images, images of many sizes without image_size, no such label.
    """
    builder = _builder(name, data_dir)
    features = builder.info.features
    label = _label(builder, label)
    if "image" not in features or len(features["image"].shape or ()) != 3:
        raise ValueError(
            f'dataset={name} must have a feature "image" [H, W, C]; it has '
            f"{', '.join(features)}. Choose an image set."
        )
    splits = {
        split: found
        for split, names in SPLIT_NAMES.items()
        for found in names
        if found in builder.info.splits and builder.info.splits[found].num_examples
    }
    if "train" not in splits:
        raise ValueError(
            f"dataset={name} must have a train split; it has {', '.join(builder.info.splits)}."
        )
    shape = features["image"].shape
    if image_size:
        shape = (image_size, image_size, shape[2])
    if None in shape:
        raise ValueError(f"dataset={name} has images of many sizes. Give image_size=64, say.")

    sizes = {split: builder.info.splits[found].num_examples for split, found in splits.items()}
    bytes_each = math.prod(shape) * np.dtype(features["image"].np_dtype).itemsize
    limit = memory_limit_gb * 1e9
    if sum(sizes.values()) * bytes_each > limit:
        chunk_size = chunk_size_for(shape, limit)
        return {
            split: _streamed(builder, found, sizes[split], shape, chunk_size, image_size, label)
            for split, found in splits.items()
        }
    factors = _factors(builder)
    columns = ["image", *{label, *factors} - {None}]
    found = {
        split: _read(builder, source, sizes[split], columns, image_size)
        for split, source in splits.items()
    }
    by_column = {key: {split: rows[key] for split, rows in found.items()} for key in columns}
    named = {
        split: {name: rows[column] for column, name in factors.items()}
        for split, rows in found.items()
    }
    labels = by_column.get(label)
    return from_arrays(name, by_column["image"], labels, named if factors else None)


def network_is_there(url="https://storage.googleapis.com/tfds-data/", timeout=3.0):
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
            f"{', '.join(near)}. Other sources: digits, sprites, folder:PATH, npz:PATH."
        )
    if not network_is_there():
        raise FileNotFoundError(
            f"dataset={name} is not prepared in {where}, and there is no network to fetch it. Give "
            "the data_dir that holds it, or use digits, sprites, folder:PATH or npz:PATH."
        )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        builder.download_and_prepare()
    except Exception as error:  # whatever a download can die of
        raise ValueError(
            f"dataset={name} could not be fetched into {where}: {' '.join(str(error).split())}"
        ) from error
    return builder


def _label(builder, wanted):
    """The name of the feature that gives the labels: `wanted`, or None if there is none."""
    known = [name for name, feature in _named(builder.info.features) if _is_whole_number(feature)]
    if wanted is None:
        return "label" if "label" in known else None
    if wanted not in known:
        raise ValueError(
            f"label={wanted} must be a feature of whole numbers; dataset={builder.name} has "
            f"{', '.join(sorted(known)) or 'none'}."
        )
    return wanted


def _named(features, prefix=""):
    """(name, feature) of all features; one in another is "outer/inner"."""
    for name, feature in features.items():
        if hasattr(feature, "items"):
            yield from _named(feature, f"{prefix}{name}/")
        else:
            yield prefix + name, feature


def _factors(builder):
    """dict of the columns "label_shape", … and their names "shape", …; one alone is no factor.

    By name, for TFDS gives stored columns in another order in another process.
    """
    found = {
        column: column.removeprefix("label_")
        for column, feature in sorted(builder.info.features.items())
        if column.startswith("label_") and _is_whole_number(feature)
    }
    return found if len(found) > 1 else {}


def _is_whole_number(feature):
    return feature.shape == () and np.dtype(feature.np_dtype).kind in "iub"


def _crop_and_resize(image, size):
    """The central square, resized as PIL does it (antialiased bicubic), in the image's dtype."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    side = tf.minimum(height, width)
    square = tf.image.crop_to_bounding_box(
        image, (height - side) // 2, (width - side) // 2, side, side
    )
    resized = tf.image.resize(square, [size, size], "bicubic", antialias=True)
    return tf.saturate_cast(tf.round(resized) if image.dtype.is_integer else resized, image.dtype)


def _read(builder, split, n, columns, image_size=None):
    """Columns of `split`, a name or "name[a:b]", in the order on disk: dict of arrays [n, ...]."""
    import tensorflow_datasets as tfds

    wanted = {}
    for column in columns:
        *outer, inner = column.split("/")
        functools.reduce(lambda d, name: d.setdefault(name, {}), outer, wanted)[inner] = True
    with _only_errors_logged():  # as_dataset warns that TFDS itself calls a function it deprecated
        rows = builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted),
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
    rows = rows.map(
        lambda row: {
            c: functools.reduce(lambda d, name: d[name], c.split("/"), row) for c in columns
        }
    )
    if "image" in columns and image_size:
        rows = rows.map(
            lambda row: row | {"image": _crop_and_resize(row["image"], image_size)},
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    arrays, start = {}, 0
    for batch in rows.batch(READ_BATCH).as_numpy_iterator():
        stop = start + len(batch[columns[0]])
        for key, values in batch.items():
            if start == 0:
                arrays[key] = np.empty((n, *values.shape[1:]), values.dtype)
            arrays[key][start:stop] = values
        start = stop
    return arrays


@contextlib.contextmanager
def _only_errors_logged():
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _streamed(builder, split, n, shape, chunk_size, image_size, label):
    if builder.info.features["image"].np_dtype != np.uint8:
        raise ValueError(
            f"dataset={builder.name} is larger than memory_limit_gb, and only 8-bit images are "
            "streamed. Raise memory_limit_gb."
        )

    def read_rows(start, stop):
        rows = f"{split}[{start}:{stop}]"
        return _read(builder, rows, stop - start, ["image"], image_size)["image"]

    def read_labels(start, stop):
        found = _read(builder, f"{split}[{start}:{stop}]", stop - start, [label])[label]
        return found.astype(np.int64)

    factors = _factors(builder)

    def read_factors(start, stop):
        rows = _read(builder, f"{split}[{start}:{stop}]", stop - start, list(factors))
        return {name: rows[column] for column, name in factors.items()}

    info = builder.info
    identity = [info.full_name, split, image_size, info.splits[split].shard_lengths]
    return Streamed(
        shape,
        pieces=[(0, n)],
        chunk_size=chunk_size,
        read_rows=read_rows,
        read_labels=read_labels if label else None,
        binary=is_binary(read_rows(0, min(n, READ_BATCH))),
        identity=json.dumps(identity),
        read_factors=read_factors if factors else None,
    )
