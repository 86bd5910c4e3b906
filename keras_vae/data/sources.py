"""A data set by its name: where it comes from, and which examples are for what."""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_vae.columns import Schema
from keras_vae.config.image_options import check_resize, parse_background
from keras_vae.data import chorales, digits, folder, npz, sprites, tables, tfds_images
from keras_vae.data.split import Split, Streamed
from keras_vae.messages.sentences import errors_in_one_line, in_one_line, some
from keras_vae.seeds import Site, derive

# Readers of data sets KIND:PATH that state their modality and levels; add your own. A reader takes
# the path (of chorales also `window` and `transpose`, where they are given) and gives
# (dict split -> Split, list of notes).
READERS: dict[str, Callable] = {"chorales": chorales.read}
_FILES_OF_IMAGES = ("npz", "npy", "folder")
_OWN_LEVELS = ("digits", "sprites")
TEST, VALIDATION = 0, 1  # these numbers tell the seeds of the two held-out splits apart


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set in three splits.

    Attributes:
      name: the string it was loaded by.
      train: Split.
      validation: Split, or None if none was wanted.
      test: Split; for evaluation only.
      fingerprint: sha256 (hex) of the three splits: of their examples, or of names, sizes and rows
        where they are streamed; labels don't count.
      notes: sentences that a user should see, for example which files could not be read.
      image_size: the height and width that images were brought to; None where they kept theirs.
    """

    name: str
    train: Split
    validation: Split | None
    test: Split
    fingerprint: str
    notes: list[str]
    image_size: int | None = None


def _of_reader(kind, found):
    """The reader's result, checked: the reader may be a user's own."""
    if isinstance(found, tuple) and len(found) == 2:
        splits, notes = found
        if isinstance(splits, Mapping) and isinstance(splits.get("train"), Split):
            return splits, list(notes)
    raise ValueError(
        f"data.READERS[{kind!r}] must give ({{'train': a Split, such as data.InMemory(x), and "
        f"others by name}}, a list of notes), got {found!r:.100}."
    )


def short_name(dataset: str) -> str:
    """Without kind, path and version: faces for npz:some/faces.npz, mnist for mnist:3.0.1."""
    kind, _, path = dataset.partition(":")
    return pathlib.PurePath(path).stem if _has_path(kind) else kind.replace("/", "-")


def knows_levels(dataset: str) -> bool:
    """Whether a data set states its levels itself, so that grey_levels doesn't apply."""
    return dataset.partition(":")[0] in (*_OWN_LEVELS, *READERS, *tables.READERS)


def same_but_moved(dataset: str, other: str) -> bool:
    """Whether both are files or folders of one kind, which may hold the same data."""
    kind, other_kind = (name.partition(":")[0] for name in (dataset, other))
    return kind == other_kind and _has_path(kind)


def _has_path(kind):
    return kind in (*_FILES_OF_IMAGES, *READERS, *tables.READERS)


@errors_in_one_line()
def read(
    dataset: str,
    *,
    data_dir: str | None = None,
    image_size: int | None = None,
    resize: str = "crop",
    alpha_background: str = "white",
    frames: str = "first",
    max_pixels: int | None = None,
    channels: str | None = None,
    grey_levels: int | None = None,
    npz_keys: Mapping[str, str] | Sequence[str] | None = None,
    missing: str | None = None,
    label: str | None = None,
    seed: int = 0,
    memory_limit_gb: float = 4.0,
    window: int | None = None,
    transpose: int | None = None,
    values: str = "unit",
    test_data: str | None = None,
    schema: str | None = None,
    csv_options: Sequence[str] | None = None,
    stored_schema: Schema | None = None,
) -> tuple[dict[str, Split], list[str], int | None]:
    """Reads a data set in the splits that it has.

    Args:
      dataset: "digits", "sprites", the name of a TFDS image set, "folder:PATH", "npz:PATH",
        "npy:PATH", "chorales:PATH", "csv:PATH", "parquet:PATH", or another kind of `READERS`.
      data_dir: where TFDS sets are prepared; TFDS' own default if None.
      image_size: images of a folder or TFDS set are brought to this height and width in pixels;
        None keeps their size, but brings images of many sizes to 64.
      resize: how images become square: "crop", "pad" or "stretch".
      alpha_background: what stands behind transparency, "white", "black" or "RRGGBB"; "ignore"
        leaves transparency out, as this project once did.
      frames: "first" or "all" of animations and of files of several pages, of a folder.
      max_pixels: larger images of a folder are refused; None is Pillow's limit.
      channels: "first" or "last", where arrays of an npz have them; None goes by their shape.
      grey_levels: how many levels whole numbers have, 256 for bytes; None goes by their values.
      npz_keys: which array of an npz is what, see `npz.read`.
      missing: "nan" takes NaN in the floats of an npz as unknown values; None refuses NaN.
      label: which feature of a TFDS set, factor of sprites or of an npz, or column of a table the
        labels are; None takes "label", "shape", an npz's own labels, and no column.
      seed: int; draws the order in which a streamed file is read, and where sprites are.
      memory_limit_gb: sets that are larger, decoded, are streamed. Their values must be 8-bit.
      window, transpose: of chorales, see `chorales.read`.
      values: what the likelihood takes, by the name of its support: "binary", "unit", "levels",
        "real" or "counts".
      test_data, schema, csv_options: of tables, see `tables.read`.
      stored_schema: the Schema that a run holds to, which comes before `schema`; or None.

    Returns:
      (dict name of a split -> Split, "train" among them; list of notes; the height and width that
      images were brought to, or None).

    Raises:
      ValueError, FileNotFoundError: one line that says what was wanted, what came, what to do.
    """
    kind, _, path = dataset.partition(":")
    path = os.path.expanduser(path)
    if _has_path(kind) and not path:
        raise ValueError(f"dataset={dataset} must say where: {kind}:PATH.")
    for option, given in (("npz_keys", npz_keys), ("missing", missing)):
        if given and kind not in ("npz", "npy"):
            raise ValueError(
                f"{option} is for dataset=npz:PATH, got dataset={dataset}. Leave it out."
            )
    if channels == "first" and kind not in ("npz", "npy"):
        raise ValueError(
            f"channels=first is for dataset=npz:PATH, got dataset={dataset}. Leave it out."
        )
    # A run that is older than this option has 256.
    if grey_levels not in (None, 256) and knows_levels(dataset):
        raise ValueError(
            f"grey_levels is for folders, npz and TFDS sets, got grey_levels={grey_levels} with "
            f"dataset={dataset}, whose levels are known. Leave it out."
        )
    cut = {name: n for name, n in (("window", window), ("transpose", transpose)) if n}
    for option in cut:
        if kind != "chorales":
            raise ValueError(
                f"{option} is for dataset=chorales:PATH, got dataset={dataset}. Leave it out."
            )
    is_table = kind in tables.READERS
    of_tables = {"test_data": test_data, "schema": schema, "csv_options": csv_options}
    for option, given in of_tables.items():
        if given and not is_table:
            raise ValueError(
                f"{option} is for dataset=csv:PATH or parquet:PATH, got dataset={dataset}. Leave "
                "it out."
            )
    has_label = is_table or kind == "npz" or not (_has_path(kind) or dataset == "digits")
    if label and not has_label:
        raise ValueError(
            f"label is for TFDS sets, sprites, tables and factors of an npz, got "
            f"dataset={dataset}. Leave it out."
        )
    for option, value, idle in (("frames", frames, "first"), ("max_pixels", max_pixels, None)):
        if value != idle and kind != "folder":
            raise ValueError(
                f"{option} is for dataset=folder:PATH, got dataset={dataset}. Leave it out."
            )
    check_resize(resize, image_size)
    parse_background(alpha_background)  # This checks it even where nothing is transparent.
    splits: Mapping[str, Split]
    notes: list[str] = []
    if dataset == "digits":
        splits = digits.read()
    elif dataset == "sprites":
        splits = sprites.read(seed, label or "shape")
    elif kind in READERS:
        splits, notes = _of_reader(kind, READERS[kind](path, **cut))
    elif is_table:
        splits, notes = tables.read(
            kind,
            path,
            test_data=test_data,
            label=label,
            schema=stored_schema or schema,
            options=csv_options,
        )
    elif kind in ("npz", "npy"):
        splits, notes = npz.read(
            path,
            npz_keys,
            seed,
            memory_limit_gb,
            channels=channels,
            values=values,
            grey_levels=grey_levels,
            missing=missing,
            label=label,
        )
    elif kind == "folder":
        splits, notes, image_size = folder.read(
            path,
            image_size,
            seed,
            memory_limit_gb,
            resize=resize,
            alpha_background=alpha_background,
            frames=frames,
            max_pixels=max_pixels,
            values=values,
            grey_levels=grey_levels,
        )
    else:
        splits, notes, image_size = tfds_images.read(
            dataset,
            data_dir,
            image_size,
            memory_limit_gb,
            label,
            resize=resize,
            alpha_background=alpha_background,
            values=values,
            grey_levels=grey_levels,
        )
    train = splits["train"]
    if image_size and train.shape[:2] != (image_size, image_size):
        raise ValueError(
            f"image_size resizes folders and TFDS sets, got image_size={image_size} with "
            f"dataset={dataset} of {train.shape[0]}x{train.shape[1]} pixels. Leave it out."
        )
    if isinstance(train, Streamed) and dataset != "sprites":
        chunks = len(train.chunk_sizes)
        notes.append(f"more than {memory_limit_gb:g} GB decoded: streamed in {chunks} chunks")
    return dict(splits), notes, image_size


@errors_in_one_line()
def load(
    dataset: str,
    *,
    validation_size: int | None = None,
    stratified: bool = True,
    seed: int = 0,
    **options,
) -> Dataset:
    """Loads a data set and holds out what splits it lacks.

    Args:
      dataset: as of `read`.
      validation_size: how many validation images; 0 for none. None takes the set's own split, or
        holds out a tenth of train.
      stratified: whether splits that are held out have all labels in proportion.
      seed: int; the held-out splits depend on it and on nothing else.
      **options: as of `read`.

    Returns:
      Dataset.

    Raises:
      ValueError, FileNotFoundError: one line that says what was wanted, what came, what to do.
    """
    splits, notes, image_size = read(dataset, seed=seed, **options)
    train, validation, test = splits["train"], splits.get("validation"), splits.get("test")
    tenth, nouns = max(1, train.num_examples // 10), train.modality.nouns
    drawn = []
    if test is None:
        notes.append(f"no test split: {tenth} of {train.num_examples} {nouns} held out for it")
        seed_of_test = derive(seed, Site.SPLIT, TEST)
        test, train = _hold_out("the test split", train, tenth, seed_of_test, stratified)
        drawn.append("test")
    validation_seed = derive(seed, Site.SPLIT, VALIDATION)
    size = tenth if validation_size is None else validation_size
    if size == 0:
        validation = None
    elif validation is None:
        notes.append(f"no validation split: {size} of {train.num_examples} held out for it")
        validation, train = _hold_out("validation_size", train, size, validation_seed, stratified)
        drawn.append("validation")
    elif validation_size not in (None, validation.num_examples):
        validation, _ = _hold_out("validation_size", validation, size, validation_seed, stratified)
        drawn.append("validation")
    if drawn and stratified and isinstance(train, Streamed) and train.in_runs and train.has_labels:
        notes.append(
            f"streamed: {' and '.join(drawn)} held out in neighbouring rows, not label by label"
        )
    named = {"train": train, "validation": validation, "test": test}
    notes += _absent_classes({split: images for split, images in named.items() if images})

    sha = hashlib.sha256()
    for images in (train, validation, test):
        if images is not None:
            images.update_hash(sha)
    notes = [in_one_line(note) for note in notes]
    return Dataset(dataset, train, validation, test, sha.hexdigest(), notes, image_size)


def _hold_out(what, images, n, seed, stratified):
    """`images.hold_out`, with an error where it would leave nothing."""
    if not 0 < n < images.num_examples:
        raise ValueError(
            f"{what} must be at least 1 and less than the {images.num_examples} "
            f"{images.modality.nouns} it is taken from, got {n}. Choose another validation_size, "
            "or give more data."
        )
    return images.hold_out(n, seed, stratified)


def _absent_classes(splits):
    """Notes on splits that lack a class which others have."""
    labels = {split: images.labels for split, images in splits.items()}
    labels = {split: y for split, y in labels.items() if y is not None}
    if not labels:
        return []
    length = 1 + max(y.max() for y in labels.values())
    counts = {split: np.bincount(y, minlength=length) for split, y in labels.items()}
    total = np.sum(list(counts.values()), axis=0)
    names = splits["train"].class_names or range(length)
    notes = []
    for split, there in counts.items():
        absent = np.flatnonzero((there == 0) & (total > 0))
        if len(absent):
            shown = some([f"{names[i]} ({total[i]} in all)" for i in absent])
            untrained = ", which the model has and learns nothing of" if split == "train" else ""
            noun = splits["train"].modality.noun
            notes.append(f"{split} has no {noun} of class {shown}{untrained}")
    return notes
