"""Images in a folder of files."""

import hashlib
import itertools
import math
import os
import pathlib
from concurrent import futures

import numpy as np

from keras_vae._compat import tf
from keras_vae.data.arrays import from_arrays
from keras_vae.data.images import Streamed, chunk_size_for
from keras_vae.seeds import Site, derive

SPLIT_FOLDERS = {"train": ["train"], "validation": ["validation", "valid", "val"], "test": ["test"]}
GREY_MODES = ("1", "L", "LA")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
EXIF_ORIENTATION = 0x0112  # from 5 on, the image is to be turned by a quarter


def read(path, image_size, seed, memory_limit_gb):
    """Loads or opens the images under `path`, in an order drawn by `seed`.

    With a sub-folder train/, the sub-folders train, validation (or valid, val) and test are the
    splits. The first level of sub-folders inside a split (or inside `path`, if it is all one)
    gives the labels, numbered in alphabetical order. Images are grey if all are, else RGB.

    Args:
      path: the folder. Hidden files are passed over.
      image_size: None if all images have one size, else pixels to centre-crop and resize to.
      seed: int.
      memory_limit_gb: a folder whose decoded images are larger is streamed.

    Returns:
      (dict split -> Images, list of notes).

    Raises:
      FileNotFoundError: no such folder.
      ValueError: a split without a readable image, or mixed sizes without image_size.
    """
    root = pathlib.Path(path)
    if not root.is_dir():
        raise FileNotFoundError(f"dataset=folder:{path} must name a folder, but there is none.")
    splits, notes = _splits(root)
    files = {split: _files(folder, seed) for split, folder in splits.items()}
    shape = _shape(path, [file for found in files.values() for file in found], image_size)
    limit = memory_limit_gb * 1e9
    keep = sum(map(len, files.values())) * math.prod(shape) <= limit

    # Every file is decoded once here, so that what is unreadable is known before any work.
    arrays, unreadable, counts = {}, [], np.zeros(256, np.int64)
    for split, found in files.items():
        arrays[split], readable = _decode_all(found, shape, keep, counts)
        files[split] = list(itertools.compress(found, readable))
        unreadable += [file for file, ok in zip(found, readable, strict=True) if not ok]
        if not files[split]:
            raise ValueError(
                f"dataset=folder:{path} must hold images, but none of the {len(found)} files in "
                f"{splits[split]} is one that can be read."
            )
    if unreadable:
        names = [str(file.relative_to(root)) for file in sorted(unreadable)]
        notes.append(f"{len(names)} unreadable files: {', '.join(names)}")

    labels = _labels(splits, files)
    if keep:
        splits, more = from_arrays(f"folder:{path}", arrays, labels, channels="last")
        return splits, notes + more
    binary = set(np.flatnonzero(counts)) in ({0, 1}, {0, 255})
    return {
        split: _streamed(
            root, found, labels.get(split), shape, chunk_size_for(shape, limit), binary
        )
        for split, found in files.items()
    }, notes


def _splits(root):
    """dict split -> folder, and a note on what lies beside the splits."""
    if not (root / "train").is_dir():
        return {"train": root}, []
    splits = {
        split: root / name
        for split, names in SPLIT_FOLDERS.items()
        for name in names
        if (root / name).is_dir()
    }
    beside = sorted(item.name for item in set(root.iterdir()) - set(splits.values()))
    return splits, [f"not used, beside {root}/train: {', '.join(beside)}"] if beside else []


def _files(folder, seed):
    """All files under `folder`, in an order that mixes the sub-folders."""
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(folder).parts)
    )
    order = tf.random.experimental.stateless_shuffle(tf.range(len(found)), derive(seed, Site.SPLIT))
    return [found[i] for i in order.numpy()]


def _labels(splits, files):
    """dict split -> int64 [N], empty if there is only one sub-folder or none."""
    names = [_class(splits[split], file) for split in splits for file in files[split]]
    classes, labels = np.unique(names, return_inverse=True)
    if len(classes) < 2:
        return {}
    ends = np.cumsum([len(files[split]) for split in splits])
    return dict(zip(splits, np.split(labels, ends[:-1]), strict=True))


def _class(folder, file):
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else "."


def _shape(path, files, image_size):
    """(H, W, C) of all images, from the headers alone."""
    with _pool() as pool:
        headers = {header for header in pool.map(_header, files) if header}
    if not headers:
        came = f"none of its {len(files)} files is one that can be read" if files else "it is empty"
        raise ValueError(f"dataset=folder:{path} must hold images, but {came}.")
    sizes = sorted({size for size, _ in headers})
    if image_size:
        sizes = [(image_size, image_size)]
    if len(sizes) > 1:
        raise ValueError(
            f"dataset=folder:{path} has images of {len(sizes)} sizes, from "
            f"{sizes[0][0]}x{sizes[0][1]} to {sizes[-1][0]}x{sizes[-1][1]} (height x width). "
            "Give image_size=64, say."
        )
    return *sizes[0], 1 if all(mode in GREY_MODES for _, mode in headers) else 3


def _header(file):
    """((H, W), mode), or None if it is no image."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            width, height = image.size
            # Not image.getexif(), which decodes a PNG to its end to look for more.
            turned = Image.Image.getexif(image).get(EXIF_ORIENTATION, 1) >= 5
            if image.mode not in GREY_MODES + COLOUR_MODES:
                return None
            return (width, height) if turned else (height, width), image.mode
    except Exception:  # PIL raises nearly anything on a broken file
        return None


def _decode(file, shape):
    """uint8 [H, W, C], or None if it is no image of 8 bits that can be read to its end."""
    from PIL import Image, ImageOps

    height, width, channels = shape
    try:
        with Image.open(file) as image:
            if image.mode not in GREY_MODES + COLOUR_MODES:
                return None
            image = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
            if image.size != (width, height):
                image = ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC)
            return np.asarray(image).reshape(shape)
    except Exception:  # as above
        return None


def _decode_all(files, shape, keep, counts):
    """Decodes all files, and counts the values they hold in `counts` [256].

    Returns:
      (uint8 [N, H, W, C] of the readable ones, empty without `keep`; list of bools: readable).
    """
    array = np.empty((len(files) if keep else 0, *shape), np.uint8)
    readable, filled = [], 0
    with _pool() as pool:
        for image in pool.map(lambda file: _decode(file, shape), files):
            if image is not None:
                counts += np.bincount(image.ravel(), minlength=256)
                if keep:
                    array[filled] = image
                filled += 1
            readable.append(image is not None)
    return array[:filled], readable


def _streamed(root, files, labels, shape, chunk_size, binary):
    def read_rows(start, stop):
        with _pool() as pool:
            images = list(pool.map(lambda file: _decode(file, shape), files[start:stop]))
        for file, image in zip(files[start:stop], images, strict=True):
            if image is None:
                raise ValueError(f"{file} could be read when training began, and cannot now.")
        return np.stack(images)

    identity = hashlib.sha256()
    for file in files:
        identity.update(f"{file.relative_to(root)} {file.stat().st_size}\n".encode())
    return Streamed(
        shape,
        pieces=[(0, len(files))],
        chunk_size=chunk_size,
        read_rows=read_rows,
        read_labels=None if labels is None else lambda start, stop: labels[start:stop],
        binary=binary,
        identity=f"folder {identity.hexdigest()}",
    )


def _pool():
    return futures.ThreadPoolExecutor(os.cpu_count())
