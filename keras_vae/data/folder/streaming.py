"""Images of a folder that are decoded anew whenever they are wanted."""

import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.data.folder import in_threads, opening, pixels, reasons
from keras_vae.data.split import Streamed, chunk_size_for
from keras_vae.data.values import Scale, Seen, decide

if TYPE_CHECKING:
    from keras_vae.data.folder.reading import Split


def scale_of_counts(
    name: str, counts: np.ndarray, dtype: np.dtype, values: str, grey_levels: int | None
) -> Scale:
    """How the values of streamed images are taken.

    Args:
      name: what errors call the data.
      counts: int64 [256], how often each value is there.
      dtype: np.dtype of the decoded images.
      values, grey_levels: see `from_arrays`.

    Returns:
      values.Scale, of uint8 or bool.

    Raises:
      ValueError: images deeper than 8 bits, one value alone, or what the likelihood can't take.
    """
    if dtype.itemsize > 1:
        raise ValueError(_too_deep(name, f"these are {dtype}"))
    there = np.flatnonzero(counts)
    if len(there) == 1:
        raise ValueError(
            f"{name} must hold images to learn from, but every value is {there[0]}. Check how "
            "they were written."
        )
    kind = "bool" if dtype.kind == "b" else "whole"
    low, high = int(there[0]), int(there[-1])
    two_valued = set(there) in ({0, 1}, {0, 255})
    scale = decide(name, Seen(kind, low, high, two_valued), values, grey_levels)
    if scale.dtype.itemsize > 1:
        raise ValueError(_too_deep(name, f"grey_levels={grey_levels} are more"))
    return scale


def streamed(
    path: str,
    found: "dict[str, Split]",
    labels: dict[str, np.ndarray],
    class_names: tuple[str, ...] | None,
    target: pixels.Target,
    scale: Scale,
    limit: float,
    options: list[str],
) -> tuple[dict[str, Streamed], list[str]]:
    """The splits as Streamed images.

    Args:
      path: the folder of the data set.
      found: dict split -> reading.Split.
      labels: dict split -> int64 [N]; splits may be missing.
      class_names: tuple of str, or None.
      target: pixels.Target.
      scale: values.Scale.
      limit: bytes that may be in memory.
      options: list of str, on which the pixels depend.

    Returns:
      (dict split -> Streamed, list of notes).
    """
    images = {}
    for split, part in found.items():
        of_split = labels.get(split)
        images[split] = Streamed(
            target.shape,
            pieces=[np.arange(part.rows.sum())],
            chunk_size=chunk_size_for(target.shape, limit),
            read_rows=_reader(part, target),
            read_labels=None if of_split is None else of_split.__getitem__,
            binary=scale.is_binary,
            identity=_identity(part, [] if target.ground is None else options),
            levels=scale.levels,
            class_names=class_names,
        )
    return images, scale.notes


def _reader(part, target):
    """Increasing rows [n] -> array [n, H, W, C] of a reading.Split."""
    starts = np.concatenate([[0], np.cumsum(part.rows)])

    def decode(job):
        file, frames = job
        try:
            images, _ = pixels.decode(file.path, frames[-1] + 1, target)
        except Exception as error:  # Pillow raises nearly anything on a broken file
            raise ValueError(
                f"{file.path} could be read when training began, and cannot now: "
                f"{reasons.why(error, file.path)}."
            ) from error
        return images[frames]

    def read_rows(rows):
        of_row = np.searchsorted(starts, rows, "right") - 1
        numbers, first = np.unique(of_row, return_index=True)
        frames = np.split(rows - starts[of_row], first[1:])
        jobs = [(part.files[i], wanted) for i, wanted in zip(numbers, frames, strict=True)]
        with opening.pillow(target.max_pixels):
            return np.concatenate(list(in_threads.over(decode, jobs)))

    return read_rows


def _identity(part, options):
    """A hash of the files and of what becomes of them; older runs had no options."""
    sha = hashlib.sha256()
    for file in part.files:
        sha.update(os.fsencode(file.name) + f" {os.stat(file.path).st_size}\n".encode())
    sha.update("".join(options).encode())
    return f"folder {sha.hexdigest()}"


def _too_deep(name, what):
    return (
        f"{name} is larger than memory_limit_gb, and only images of 8 bits are streamed; {what}. "
        "Raise memory_limit_gb."
    )
