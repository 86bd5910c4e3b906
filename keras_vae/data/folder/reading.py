"""From a folder to images: what is there, what it becomes, and what the user is told of it."""

import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_vae._compat import tf
from keras_vae.config.image_options import COMMON_SIZE, note_on_sizes, parse_background
from keras_vae.data import background as grounds
from keras_vae.data.arrays import from_arrays
from keras_vae.data.folder import classes as class_folders
from keras_vae.data.folder import finding, headers, in_threads, old_pixels, opening, pixels, reasons
from keras_vae.data.folder.common_depth import bring_together
from keras_vae.data.folder.headers import Frame, Header
from keras_vae.data.folder.names import counted, is_passed_over, listed, shown
from keras_vae.data.folder.splits import check_deeper, splits
from keras_vae.data.folder.streaming import scale_of_counts, streamed
from keras_vae.data.split import InMemory, Streamed, check_fits
from keras_vae.seeds import Site, derive


@dataclass
class Split:
    """The files of one split that can be read.

    Attributes:
      folder: its path.
      files: list of finding.File, in the order of the images.
      headers: list of headers.Header, one a file.
      classes: names of the folders right below it.
    """

    folder: str
    files: list[finding.File]
    headers: list[Header]
    classes: list[str]

    @property
    def frames(self) -> list[Frame]:
        return [frame for header in self.headers for frame in header.frames]

    @property
    def rows(self) -> np.ndarray:
        """int [files]: how many images each file gives."""
        return np.array([len(header.frames) for header in self.headers], int)

    def keep(self, readable: list[bool]) -> None:
        """Keeps only the files for which the list says True."""
        self.files = [file for file, ok in zip(self.files, readable, strict=True) if ok]
        self.headers = [header for header, ok in zip(self.headers, readable, strict=True) if ok]


def read(
    path: str,
    image_size: int | None,
    seed: int,
    memory_limit_gb: float,
    *,
    resize: str = "crop",
    alpha_background: str = "white",
    frames: str = "first",
    max_pixels: int | None = None,
    values: str = "unit",
    grey_levels: int | None = None,
) -> tuple[Mapping[str, InMemory | Streamed], list[str], int | None]:
    """Loads or opens the images under `path`, in an order drawn by `seed`.

    docs/reference/data.md says which folders are splits and classes, and what becomes of files.

    Args:
      path: the folder.
      image_size: pixels that all are resized to; None keeps one size, and brings many to
        COMMON_SIZE.
      seed: int.
      memory_limit_gb: a folder whose decoded images are larger is streamed.
      resize: "crop", "pad" or "stretch" to image_size.
      alpha_background: "white", "black" or "RRGGBB" behind transparency; "ignore" reads pixels as
        this project once did.
      frames: "first" or "all" of animations and files of several pages.
      max_pixels: larger images are left out; None is Pillow's limit.
      values, grey_levels: see `from_arrays`.

    Returns:
      (dict name of a split -> Split, list of notes, the size that images were brought to or None).

    Raises:
      FileNotFoundError: no such folder.
      ValueError: splits that aren't certain, one without a readable image, images without a label
        beside classes, images of several kinds of numbers.
    """
    ground = parse_background(alpha_background)
    if not os.path.isdir(path):
        raise FileNotFoundError(f"dataset=folder:{path} must name a folder, but there is none.")
    with opening.pillow(max_pixels):
        found, refused, notes = _found(path, seed)
        refused += _read_headers(found, frames, max_pixels, ground)
        sizes = _sizes(path, found, refused)
        if image_size is None and len(sizes) > 1:
            image_size = COMMON_SIZE
            smallest, largest = (f"{height}x{width}" for height, width in (sizes[0], sizes[-1]))
            few = f"{len(sizes)} sizes, from {smallest} to {largest} (height x width),"
            notes.append(note_on_sizes(few))
        size = (image_size, image_size) if image_size else sizes[0]
        target = _target(path, found, size, resize if image_size else None, ground, max_pixels)
        check_fits(f"folder:{path}", target.shape, target.dtype, memory_limit_gb)
        limit = memory_limit_gb * 1e9
        num_images = sum(int(split.rows.sum()) for split in found.values())
        keep = num_images * math.prod(target.shape) * target.dtype.itemsize <= limit
        # Every file is decoded once here, so that what can't be read is known before any work.
        arrays, counts, done, broken = _decode(found, target, keep)
    refused += broken
    _check_readable(path, found, refused)
    notes += reasons.notes(refused) + _notes(found, frames, target, done)
    _check_cut(path, found, done, image_size)
    images: Mapping[str, InMemory | Streamed]
    labels, names, label_notes = class_folders.labels(path, found)
    notes += label_notes
    name = f"folder:{path}"
    if keep:
        if target.dtype == np.uint16:
            notes += bring_together(found, arrays, values, grey_levels)
        images, more = from_arrays(
            name,
            arrays,
            labels,
            class_names=names,
            values=values,
            grey_levels=grey_levels,
            channels="last",
        )
    else:
        scale = scale_of_counts(name, counts, target.dtype, values, grey_levels)
        options = [resize, alpha_background, frames]  # on which the pixels depend
        images, more = streamed(path, found, labels, names, target, scale, limit, options)
    return images, notes + more, image_size


def _found(path, seed):
    """(dict split -> Split without headers, list of (name, reason), notes) of what is there."""
    folders, given, notes = splits(path)
    found, refused, loops = {}, [], []
    seen: dict[Any, tuple[str, str]] = {}  # identity of a file -> (split, name)
    for split, folder in folders.items():
        inside = finding.find(folder, path)
        check_deeper(path, split, folder, inside.folders, given)
        for file in inside.files:
            _check_in_one_split(path, split, file, seen)
        refused += inside.refused
        loops += inside.loops
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(inside.files)), derive(seed, Site.SPLIT)
        )
        # A file that is passed over keeps its place in the order, as in older runs.
        files = [inside.files[i] for i in order.numpy()]
        files = [file for file in files if not is_passed_over(file.parts[-1], is_folder=False)]
        found[split] = Split(folder, files, [], [p[0] for p in inside.folders if len(p) == 1])
    if loops:
        notes.append(f"links back to a folder above them, passed over: {listed(loops)}")
    return found, refused, notes


def _check_in_one_split(path, split, file, seen):
    """Raises ValueError if links put one file into two splits; `seen` is of those before it."""
    other, name = seen.setdefault(file.identity, (split, file.name))
    if other != split:
        raise ValueError(
            f"dataset=folder:{path} has one file in two splits, by a link: {shown(name)} and "
            f"{shown(file.name)}. Take it out of one: a test image must not be trained on."
        )


def _read_headers(found, frames, max_pixels, ground):
    """Fills in the headers of what can be read; returns (name, reason) of the others."""

    def header(file):
        try:
            if ground is None:
                return old_pixels.header(file.path, max_pixels)
            return headers.read(file.path, frames, max_pixels)
        except Exception as error:  # Pillow raises nearly anything on a broken file
            return reasons.why(error, file.path)

    refused = []
    for split in found.values():
        results = list(in_threads.over(header, split.files, "reading headers of images"))
        refused += [
            (file.name, result)
            for file, result in zip(split.files, results, strict=True)
            if isinstance(result, str)
        ]
        split.headers = results
        split.keep([not isinstance(result, str) for result in results])
    return refused


def _sizes(path, found, refused):
    """All sizes (height, width) of the images, sorted."""
    sizes = sorted({frame.size for split in found.values() for frame in split.frames})
    if not sizes:
        total = len(refused) + sum(len(split.files) for split in found.values())
        raise ValueError(_none_readable(path, total, refused))
    return sizes


def _target(path, found, size, resize, ground, max_pixels):
    """The pixels.Target of all images."""
    frames = {frame for split in found.values() for frame in split.frames}
    grey = _all_grey(found, frames, ground, max_pixels)
    return pixels.Target(
        shape=(*size, 1 if grey else 3),
        dtype=np.dtype(_dtype(path, found, frames, is_resized=bool(resize))),
        resize=resize,
        ground=ground,
        max_pixels=max_pixels,
    )


def _all_grey(found, frames, ground, max_pixels):
    if any(frame.is_grey is False for frame in frames):
        return False
    if ground and not grounds.is_grey(ground) and any(f.may_be_transparent for f in frames):
        return False

    def has_colours(file):
        try:
            return headers.has_colours(file.path, max_pixels)
        except Exception:  # decoding will tell of it
            return False

    return not any(
        has_colours(file)
        for split in found.values()
        for file, header in zip(split.files, split.headers, strict=True)
        if any(frame.is_grey is None for frame in header.frames)
    )


def _dtype(path, found, frames, is_resized):
    """The name of the dtype that keeps the depth of all files."""
    dtypes = {frame.dtype for frame in frames}
    if dtypes != {"bool"} or is_resized:  # black and white among greys, or made grey
        dtypes = {"uint8" if dtype == "bool" else dtype for dtype in dtypes}
    if dtypes <= {"uint8", "uint16"}:
        return max(dtypes, key=lambda dtype: np.dtype(dtype).itemsize)
    if len(dtypes) > 1:
        examples = {
            frame.dtype: file.name
            for split in found.values()
            for file, header in zip(split.files, split.headers, strict=True)
            for frame in header.frames
        }
        shown_ones = ", ".join(f"{shown(n)} ({dtype})" for dtype, n in sorted(examples.items()))
        raise ValueError(
            f"dataset=folder:{path} has files of several kinds of numbers, which have no common "
            f"scale: {shown_ones}. Give files of one kind."
        )
    return dtypes.pop()


def _decode(found, target, keep):
    """Decodes all files, and removes from `found` those that can't be decoded.

    Returns:
      (dict split -> array [N, H, W, C], empty without `keep`; int64 [256], how often each value
      is there, of bytes without `keep`; Counter of what was done to images; (name, reason) of the
      files left out).
    """
    arrays, refused = {}, []
    done: Counter[str] = Counter()
    counts = np.zeros(256, np.int64)

    def decode(job):
        file, num_frames = job
        try:
            return pixels.decode(file.path, num_frames, target)
        except Exception as error:  # Pillow raises nearly anything on a broken file
            return reasons.why(error, file.path), None

    for split, part in found.items():
        array = np.empty((part.rows.sum() if keep else 0, *target.shape), target.dtype)
        filled, readable = 0, []
        jobs = list(zip(part.files, part.rows, strict=True))
        for (file, rows), (images, of_file) in zip(
            jobs, in_threads.over(decode, jobs, "reading images"), strict=True
        ):
            readable.append(of_file is not None)
            if of_file is None:
                refused.append((file.name, images))
                continue
            done.update(of_file)
            if keep:
                array[filled : filled + rows] = images
            elif target.dtype.itemsize == 1:
                counts += np.bincount(images.view(np.uint8).ravel(), minlength=256)
            filled += rows
        part.keep(readable)
        arrays[split] = array[:filled]
    return arrays, counts, done, refused


def _check_readable(path, found, refused):
    for part in found.values():
        if not part.files:
            where = os.path.relpath(part.folder, path)
            mine = [r for r in refused if where == "." or r[0].startswith(where + os.sep)]
            raise ValueError(_none_readable(part.folder, len(mine), mine))


def _none_readable(folder, total, refused):
    came = f"none of its {total} files is one that can be read ({reasons.in_short(refused)})."
    return f"dataset=folder:{folder} must hold images, but {came if total else 'it is empty.'}"


def _check_cut(path, found, done, image_size):
    if done[pixels.CUT_TO_ONE_COLOUR] == sum(int(part.rows.sum()) for part in found.values()):
        raise ValueError(
            f"image_size={image_size} with resize=crop leaves one colour alone in every image of "
            f"dataset=folder:{path}: what differs is outside of the square in the middle. Use "
            "resize=pad or resize=stretch."
        )


def _notes(found, frames, target, done):
    """Sentences on what was done to the images."""
    notes = []
    several = [h for part in found.values() for h in part.headers if h.has_several]
    files = counted(len(several), "file")
    if several and frames == "first":
        notes.append(
            f"{files} with several frames or pages: the first is the image (frames=all takes all)"
        )
    elif several:
        total = sum(len(header.frames) for header in several)
        notes.append(
            f"{files} with several frames or pages: {total} images, and splits that are drawn may "
            "share a file"
        )
    if done[pixels.TRANSPARENT]:
        ground = grounds.name_of(target.ground)
        note = f"{counted(done[pixels.TRANSPARENT], 'image')} with transparency, on {ground}"
        if done[pixels.ON_OTHER_GROUND]:
            other = grounds.name_of(grounds.other(target.ground))
            note += (
                f", but {done[pixels.ON_OTHER_GROUND]} on {other}: drawn in {ground} alone, they "
                "would vanish"
            )
        notes.append(f"{note} (alpha_background)")
    if done[pixels.CUT_TO_ONE_COLOUR]:
        images = counted(done[pixels.CUT_TO_ONE_COLOUR], "image")
        notes.append(
            f"{images} of one colour alone after the crop to a square (resize=pad and stretch "
            "keep what is beside it)"
        )
    return notes
