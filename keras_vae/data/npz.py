"""Images in one .npz file."""

import os
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from keras_vae.data.arrays import from_arrays

SPLITS = ("train", "validation", "test")
ROLES = SPLITS + tuple(f"{split}_labels" for split in SPLITS)
# The two layouts that need no npz_keys: three splits, or one array that is split by `sources.load`.
DEFAULT_KEYS = {
    "train": "train_images",
    "validation": "valid_images",
    "test": "test_images",
    "train_labels": "train_labels",
    "validation_labels": "valid_labels",
    "test_labels": "test_labels",
}
SINGLE_KEYS = {"train": "x", "train_labels": "x_labels"}


def read(path, npz_keys=None):
    """Loads an npz; nothing pickled is ever read.

    Args:
      path: the file. It holds `train_images` (and `valid_images`, `test_images`, `…_labels`), or
        `x` (and `x_labels`).
      npz_keys: other names: a dict, or a list of "role=key" strings, role being train, validation,
        test, train_labels, validation_labels or test_labels. All keys given must be there.

    Returns:
      dict split -> InMemory.

    Raises:
      FileNotFoundError, ValueError: no such file, no npz, keys not found (lists those that are),
        or arrays that are no images.
    """
    found = arrays_of(f"npz:{path}", path, lambda files: _keys(path, files, npz_keys))
    labels = {split: found[f"{split}_labels"] for split in SPLITS if f"{split}_labels" in found}
    arrays = {split: found[split] for split in SPLITS if split in found}
    return from_arrays(f"npz:{path}", arrays, labels)


def arrays_of(name, path, keys_of):
    """The arrays of an npz, {role: array}.

    Args:
      name: what errors call the data.
      path: the file.
      keys_of: list of the keys that there are -> {role: key} of the arrays to read.

    Raises:
      FileNotFoundError, ValueError: as `read`.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"dataset={name} must name a file, but there is none.")
    with open(path, "rb") as stream:
        try:
            file = np.load(stream, allow_pickle=False)
            files = file.files
        except (ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"dataset={name} is no npz ({error}). Use numpy.savez.") from error
        keys = keys_of(files)
        try:
            return {role: file[key] for role, key in keys.items()}
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(
                f"{name} must hold plain arrays under {', '.join(keys.values())}: {error}."
            ) from error


def _keys(path, files, npz_keys):
    """dict role -> key, for the roles this file fills."""
    if npz_keys:
        if not isinstance(npz_keys, Mapping):
            npz_keys = dict(item.partition("=")[::2] for item in npz_keys)
        unknown = sorted(set(npz_keys) - set(ROLES))
        if unknown or "train" not in npz_keys:
            raise ValueError(
                f"npz_keys must give train=KEY and may give {', '.join(ROLES[1:])}; got {npz_keys}."
            )
        keys = dict(npz_keys)
        missing = sorted(set(keys.values()) - set(files))
    else:
        layout = DEFAULT_KEYS if "train_images" in files else SINGLE_KEYS
        keys = {role: key for role, key in layout.items() if key in files}
        missing = [] if "train" in keys else ["train_images", "x"]
    if missing:
        raise ValueError(
            f"npz:{path} has no {' or '.join(missing)}; it holds {', '.join(sorted(files))}. "
            "Name the arrays by npz_keys, for example train=images."
        )
    return keys
