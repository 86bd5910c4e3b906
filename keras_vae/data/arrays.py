"""Arrays of any numeric dtype as Splits of one scale."""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_vae.data import channel_axis
from keras_vae.data.labels import read_labels
from keras_vae.data.masks import known_parts
from keras_vae.data.split import InMemory
from keras_vae.data.values import check_numbers, on_one_scale


def from_arrays(
    name: str,
    arrays: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray] | None = None,
    factors: Mapping[str, dict[str, np.ndarray]] | None = None,
    *,
    class_names: Sequence[str] | np.ndarray | None = None,
    values: str = "unit",
    grey_levels: int | None = None,
    channels: str | None = None,
    masks: Mapping[str, np.ndarray] | None = None,
    missing: str | None = None,
) -> tuple[dict[str, InMemory], list[str]]:
    """Images with one scale for all splits, by the rules of docs/reference/data.md.

    Args:
      name: what errors call the data.
      arrays: dict split -> [N, H, W], [N, H, W, C] or [N, C, H, W], bool, whole numbers or floats.
      labels: dict split -> [N] labels of any kind in docs/reference/data.md; splits may be missing.
      factors: dict split -> dict name -> [N] integers, what made each image; or None. Splits may be
        missing.
      class_names: names of labels 0 .. K-1, or None.
      values: what the likelihood takes, one of `values.VALUES`.
      grey_levels: how many levels whole numbers have; None goes by the highest of all splits.
      channels: "first" or "last", where four axes have the channels; None goes by the shape.
      masks: dict split -> bool, True where a value is known, of the array's shape, or [N, H, W];
        splits may be missing. What isn't known may be anything, NaN too.
      missing: "nan" takes NaN in floats as unknown; None refuses it.

    Returns:
      (dict split -> InMemory, list of notes).

    Raises:
      ValueError: wrong rank, no examples, shapes that differ, values that are not finite or that
        the likelihood can't take, every value the same, labels that don't fit.
    """
    arrays, known, of_masks = known_parts(name, arrays, masks, missing, channels)
    arrays, notes = as_images(name, arrays, channels)
    if known:
        known, _ = as_images(name, known, channels)

    def known_in_train():
        return arrays["train"][known["train"]] if known else arrays["train"]

    check_varied(name, known_in_train())
    arrays, levels, more = on_one_scale(name, arrays, values, grey_levels)
    train = known_in_train()
    if train.dtype == np.float32 and train.min() == train.max():
        raise ValueError(
            f"{name} must hold images to learn from, but in float32 every value of train is "
            f"{train.flat[0]:.9g}: they differ by too little. Write x - x.min()."
        )
    sizes = {split: len(x) for split, x in arrays.items()}
    labels, class_names, about_labels = read_labels(name, labels or {}, sizes, class_names)
    images = {
        split: InMemory(
            x,
            labels.get(split),
            levels,
            factors=factors.get(split) if factors else None,
            class_names=class_names,
            mask=known.get(split),
        )
        for split, x in arrays.items()
    }
    return images, [*notes, *of_masks, *more, *about_labels]


def check_varied(name: str, train: np.ndarray) -> None:
    """Raises ValueError if all values of the array are the same."""
    if train.min() == train.max():
        raise ValueError(
            f"{name} must hold images to learn from, but every value of train is {train.flat[0]}. "
            "Check how it was written."
        )


def as_images(
    name: str, arrays: Mapping[str, np.ndarray], channels: str | None = None
) -> tuple[dict[str, np.ndarray], list[str]]:
    """(dict split -> [N, H, W, C] of finite numbers, all of one shape; list of notes)."""
    arrays = {split: _checked(f"{split} of {name}", x) for split, x in arrays.items()}
    places = {
        split: channel_axis.place(f"{split} of {name}", x.shape, channels)
        for split, x in arrays.items()
    }
    images = {split: channel_axis.turned(x, places[split]) for split, x in arrays.items()}
    shapes = {split: list(x.shape[1:]) for split, x in images.items()}
    if len({tuple(shape) for shape in shapes.values()}) > 1:
        raise ValueError(
            f"The splits of {name} must hold images of one dtype and shape, got shapes "
            f"{shapes}. Crop or resize them."
        )
    notes = []
    if "first" in places.values():
        height, width, depth = images["train"].shape[1:]
        notes.append(
            f"channels came first: [N, {depth}, {height}, {width}] is turned to [N, {height}, "
            f"{width}, {depth}]"
        )
    return {split: np.ascontiguousarray(x) for split, x in images.items()}, notes


def _checked(name, x):
    """x as np.ndarray of finite numbers."""
    if isinstance(x, list | tuple):
        raise ValueError(f"{name} must be one array, got a {type(x).__name__}. Write np.stack(x).")
    if np.ma.isMA(x) and np.ma.getmaskarray(x).any():
        raise ValueError(
            f"{name} must hold all of its values, but {np.ma.count_masked(x)} are masked. Write "
            "x.filled(0), or another value that they are to have."
        )
    x = np.asarray(x)
    check_numbers(name, x)
    return x
