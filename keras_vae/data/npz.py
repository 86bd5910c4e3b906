"""Images in one .npz file."""

import math
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from keras_vae._compat import tf
from keras_vae.data.arrays import check_labels, from_arrays
from keras_vae.data.images import Streamed, chunk_size_for
from keras_vae.seeds import Site, derive

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


def read(path, npz_keys, seed, memory_limit_gb):
    """Loads or opens an npz; nothing pickled is ever read.

    Args:
      path: the file. It holds `train_images` (and `valid_images`, `test_images`, `…_labels`), or
        `x` (and `x_labels`).
      npz_keys: other names: a dict, or a list of "role=key" strings, role being train, validation,
        test, train_labels, validation_labels or test_labels. All keys given must be there.
      seed: int; draws the order in which a streamed file is read.
      memory_limit_gb: a larger file is streamed: 8-bit or bool arrays, not compressed.

    Returns:
      dict split -> Images.

    Raises:
      FileNotFoundError, ValueError: no such file, no npz, keys not found (lists those that are),
        or arrays that are no images.
    """
    name, limit = f"npz:{path}", memory_limit_gb * 1e9
    found = arrays_of(name, path, lambda files: _keys(path, files, npz_keys), limit)
    labels = {split: found[f"{split}_labels"] for split in SPLITS if f"{split}_labels" in found}
    arrays = {split: found[split] for split in SPLITS if split in found}
    if isinstance(arrays["train"], np.memmap):
        return _streamed(name, arrays, labels, seed, limit)
    return from_arrays(name, arrays, labels)


def arrays_of(name, path, keys_of, limit_bytes=math.inf):
    """The arrays of an npz, {role: array}.

    Args:
      name: what errors call the data.
      path: the file.
      keys_of: list of the keys that there are -> {role: key} of the arrays to read.
      limit_bytes: if they are larger together, they are mapped and stay on disk.

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
        members = {role: _member(file.zip, key) for role, key in keys.items()}
        if sum(member.file_size for member in members.values()) > limit_bytes:
            return {role: _mapped(name, stream, member) for role, member in members.items()}
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
    for split in SPLITS:
        if f"{split}_labels" in keys and split not in keys:
            raise ValueError(
                f"npz:{path} has labels of {split}, {keys[f'{split}_labels']}, without its images. "
                "Add the images, or leave the labels out."
            )
    return keys


def _member(file, key):
    """The zipfile.ZipInfo of an array; numpy leaves the ending out of its name."""
    return file.getinfo(f"{key}.npy" if f"{key}.npy" in file.namelist() else key)


def _mapped(name, stream, member):
    """The array of an uncompressed member of a zip file, as np.memmap."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and compressed, so that it can't be streamed. "
            "Write it by numpy.savez, or raise memory_limit_gb."
        )
    stream.seek(member.header_offset)
    # A zip's local header: 26 bytes, the lengths of the name and of what else follows.
    stream.seek(sum(struct.unpack("<26xHH", stream.read(30))), os.SEEK_CUR)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(stream)]
    shape, is_fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name} must hold plain arrays, and {member.filename} holds objects.")
    order = "F" if is_fortran else "C"
    return np.memmap(stream, dtype, "r", stream.tell(), shape, order)


def _streamed(name, arrays, labels, seed, limit_bytes):
    """dict split -> Streamed, of mapped arrays."""
    if not {x.dtype for x in arrays.values()} <= {np.dtype(bool), np.dtype(np.uint8)}:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and only 8-bit images are streamed. Raise "
            "memory_limit_gb."
        )
    chunk_size = chunk_size_for(arrays["train"].shape[1:], limit_bytes)
    # First rows show what is wrong with an array, and whether it is black and white.
    heads = from_arrays(name, {split: x[:chunk_size] for split, x in arrays.items()})
    labels = {split: check_labels(name, split, y, arrays) for split, y in labels.items()}
    with zipfile.ZipFile(arrays["train"].filename) as file:
        checksums = [member.CRC for member in file.infolist()]

    def streamed(split):
        x, y, shape = arrays[split], labels.get(split), heads[split].shape
        # Files are often sorted by label: any neighbouring positions must be a fair draw of all.
        shuffle = tf.random.experimental.stateless_shuffle
        order = shuffle(tf.range(len(x)), derive(seed, Site.SPLIT)).numpy()

        def rows(start, stop):
            return np.sort(order[start:stop])  # from front to back is fastest on disk

        return Streamed(
            shape,
            pieces=[(0, len(x))],
            chunk_size=chunk_size,
            read_rows=lambda *positions: x[rows(*positions)].reshape(-1, *shape),
            read_labels=None if y is None else lambda *positions: y[rows(*positions)],
            binary=heads[split].dtype == bool,
            identity=f"npz {split} {checksums}",
        )

    return {split: streamed(split) for split in arrays}
