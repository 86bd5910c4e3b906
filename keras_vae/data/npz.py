"""Images in one .npz or .npy file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae._compat import tf
from keras_vae.data import array_files, channel_axis
from keras_vae.data.arrays import as_images, check_varied, from_arrays
from keras_vae.data.factors import label_of, read_factors
from keras_vae.data.labels import read_labels
from keras_vae.data.npz_keys import CLASS_NAMES, FACTOR_NAMES, SPLITS, find_roles
from keras_vae.data.scale_scan import scale_by_scan
from keras_vae.data.split import Split, Streamed, chunk_size_for
from keras_vae.seeds import Site, derive


def read(
    path: str,
    npz_keys: Mapping[str, str] | Sequence[str] | None,
    seed: int,
    memory_limit_gb: float,
    *,
    channels: str | None = None,
    values: str = "unit",
    grey_levels: int | None = None,
    missing: str | None = None,
    label: str | None = None,
) -> tuple[Mapping[str, Split], list[str]]:
    """Loads or opens an npz or npy; nothing pickled is ever read.

    Args:
      path: the file. The words of its keys say what its arrays are, see `find_roles`:
        x and y; train_images, test_images, test_labels; X_train, y_train; …
      npz_keys: other names: a dict, or a list of "role=key" strings, role being train, validation,
        test, one of these with _labels, _mask or _factors, class_names or factor_names. All keys
        given must be there.
      seed: int; draws the order in which a streamed file is read.
      memory_limit_gb: a larger file is streamed: 8-bit or bool arrays, not compressed.
      channels, values, grey_levels, missing: see `from_arrays`.
      label: which factor the labels are; None takes the file's labels.

    Returns:
      (dict name of a split -> Split, list of notes).

    Raises:
      FileNotFoundError, ValueError: no such file, no npz, keys not found (lists those that are),
        or arrays that are no images.
    """
    name, limit, notes = f"npz:{path}", memory_limit_gb * 1e9, []

    def keys_of(headers):
        keys, found = find_roles(name, headers, npz_keys)
        notes.extend(found)
        return keys

    found = array_files.read(name, path, keys_of, limit)
    arrays = {split: found[split] for split in SPLITS if split in found}
    labels, masks, tables = (
        {split: found[f"{split}_{part}"] for split in SPLITS if f"{split}_{part}" in found}
        for part in ("labels", "mask", "factors")
    )
    # An array of one number is refused as an image, further on.
    sizes = {split: len(np.atleast_1d(x)) for split, x in arrays.items()}
    factors = read_factors(name, tables, sizes, found.get(FACTOR_NAMES))
    options: dict[str, Any] = {
        "labels": labels if label is None else label_of(name, factors, label),
        "class_names": found.get(CLASS_NAMES) if label is None else None,
        "factors": factors,
        "values": values,
        "grey_levels": grey_levels,
        "channels": channels,
    }
    if not isinstance(arrays["train"], np.memmap):
        splits, more = from_arrays(name, arrays, masks=masks, missing=missing, **options)
    elif masks or missing:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and only examples of which all is known are "
            "streamed. Raise memory_limit_gb."
        )
    else:
        splits, more = _streamed(name, path, arrays, seed, limit, **options)
    return splits, notes + more


def _streamed(
    name,
    path,
    arrays,
    seed,
    limit_bytes,
    labels,
    class_names,
    factors,
    values,
    grey_levels,
    channels,
):
    """(dict split -> Streamed of mapped arrays, notes)."""
    if not {x.dtype for x in arrays.values()} <= {np.dtype(bool), np.dtype(np.uint8)}:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and only 8-bit images are streamed. Raise "
            "memory_limit_gb."
        )
    chunk_size = chunk_size_for(arrays["train"].shape[1:], limit_bytes)
    # The first rows are enough to show what is wrong with an array.
    heads, notes = as_images(name, {s: x[:chunk_size] for s, x in arrays.items()}, channels)
    check_varied(name, heads["train"])
    scale = scale_by_scan(
        name,
        heads.values(),
        (x[i : i + chunk_size] for x in arrays.values() for i in range(0, len(x), chunk_size)),
        values,
        grey_levels,
    )
    sizes = {split: len(x) for split, x in arrays.items()}
    labels, class_names, about_labels = read_labels(name, labels, sizes, class_names)
    checksums = array_files.checksums(path)

    def streamed(split):
        x, y, columns = arrays[split], labels.get(split), factors.get(split)
        place = channel_axis.place(split, x.shape, channels)
        # Files are often sorted by label: any neighbouring positions must be a fair draw of all.
        shuffle = tf.random.experimental.stateless_shuffle
        order = shuffle(tf.range(len(x)), derive(seed, Site.SPLIT)).numpy()
        return Streamed(
            heads[split].shape[1:],
            pieces=[np.arange(len(x))],
            chunk_size=chunk_size,
            read_rows=lambda rows: channel_axis.turned(x[rows], place),
            read_labels=None if y is None else lambda rows: y[rows],
            read_factors=None if columns is None else lambda rows: _rows_of(columns, rows),
            binary=scale.is_binary,
            identity=f"npz {split} {checksums}",
            levels=scale.levels,
            class_names=class_names,
            order=order,
        )

    notes += scale.notes + about_labels
    return {split: streamed(split) for split in arrays}, notes


def _rows_of(columns, rows):
    return {name: column[rows] for name, column in columns.items()}
