"""Images of a folder that are decoded anew whenever they are wanted."""

import hashlib
import os

import numpy as np

from keras_vae.data.folder import opening, pixels, reasons, work
from keras_vae.data.images import Streamed, chunk_size_for
from keras_vae.data.levels import infer_levels


def streamed(path, found, labels, class_names, target, limit, counts, values, grey_levels, options):
    """The splits as Streamed images of bytes.

    Args:
      path: the folder of the data set.
      found: dict split -> reading.Split.
      labels: dict split -> int64 [N]; splits may be missing.
      class_names: tuple of str, or None.
      target: pixels.Target.
      limit: bytes that may be in memory.
      counts: int64 [256], how often each value is there.
      values, grey_levels: as for `from_arrays`.
      options: list of str, the options on which pixels depend.

    Returns:
      (dict split -> Streamed, list of notes).

    Raises:
      ValueError: images deeper than 8 bits, one value alone, or one above grey_levels.
    """
    where = f"dataset=folder:{path}"
    if target.dtype.itemsize > 1:
        raise ValueError(
            f"{where} is larger than memory_limit_gb={limit / 1e9:g}, and only images of 8 bits "
            f"are streamed; these are {target.dtype}. Raise memory_limit_gb."
        )
    there = np.flatnonzero(counts)
    if len(there) == 1:
        raise ValueError(
            f"{where} must hold images to learn from, but every value is {there[0]}. Check how "
            "they were written."
        )
    if target.ground is None:  # of an older run, whose levels were 2 or 256
        binary, levels, notes = set(there) in ({0, 1}, {0, 255}), 256, []
    elif target.dtype == bool:
        binary, levels, notes = True, 2, []
    else:
        binary, levels, notes = _levels(where, there, values, grey_levels)
    images = {
        split: _split(
            path, part, labels.get(split), class_names, target, limit, binary, levels, options
        )
        for split, part in found.items()
    }
    return images, notes


def _levels(where, there, values, grey_levels):
    """(whether images become bool, their levels or None, notes), by the values that are there."""
    highest = int(there[-1])
    if grey_levels and highest >= grey_levels:
        raise ValueError(
            f"grey_levels={grey_levels} must be above all values, but {where} has {highest}."
        )
    if values == "counts":
        return False, None, []
    if grey_levels:
        return False, grey_levels, []
    if set(there) in ({0, 1}, {0, 255}):
        return True, 2, []
    levels = infer_levels(highest)
    note = f"whole numbers from 0 to {highest}: {levels} levels (--grey_levels says otherwise)"
    return False, levels, [note] if levels != 256 else []


def _split(path, part, labels, class_names, target, limit, binary, levels, options):
    starts = np.concatenate([[0], np.cumsum(part.rows)])

    def decode(number):
        file = part.files[number]
        try:
            images, _ = pixels.decode(file.path, part.rows[number], target)
        except Exception as error:
            raise ValueError(
                f"{file.path} could be read when training began, and cannot now: "
                f"{reasons.why(error, file.path)}."
            ) from error
        return images

    def read_rows(start, stop):
        first = int(np.searchsorted(starts, start, "right")) - 1
        last = int(np.searchsorted(starts, stop))
        with opening.pillow(target.max_pixels):
            images = np.concatenate(list(work.over(decode, range(first, last))))
        return images[start - starts[first] : stop - starts[first]]

    identity = hashlib.sha256()
    for file in part.files:
        identity.update(os.fsencode(file.name) + f" {os.stat(file.path).st_size}\n".encode())
    if target.ground is not None:  # older runs had no options
        identity.update(f"{options}".encode())
    return Streamed(
        target.shape,
        pieces=[(0, int(starts[-1]))],
        chunk_size=chunk_size_for(target.shape, limit),
        read_rows=read_rows,
        read_labels=None if labels is None else lambda start, stop: labels[start:stop],
        binary=binary,
        identity=f"folder {identity.hexdigest()}",
        levels=levels,
        class_names=class_names,
    )
