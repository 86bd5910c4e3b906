"""Arrays of any numeric dtype as Images with one of the three scales."""

import numpy as np

from keras_vae.data.images import InMemory


def from_arrays(name, arrays, labels=None, factors=None):
    """Images with one scale for all splits.

    Args:
      name: what errors call the data.
      arrays: dict split -> [N, H, W] or [N, H, W, C], bool, integers or floats. Two values only
        ({0, 1}, or {0, 255} in uint8) become bool. Integers in 0..255 become uint8; other integers
        and all floats become float32, as they are.
      labels: dict split -> [N] integers; splits may be missing.
      factors: dict split -> dict name -> [N] integers, what made each image; or None.

    Returns:
      dict split -> InMemory.

    Raises:
      ValueError: wrong rank, no examples, shapes that differ, values that are not finite or not
        numbers, every value the same, labels that don't fit.
    """
    arrays = {split: _with_channels(f"{split} of {name}", x) for split, x in arrays.items()}
    kinds = {split: f"{x.dtype} {list(x.shape[1:])}" for split, x in arrays.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(
            f"The splits of {name} must hold images of one dtype and shape, got {kinds}. Convert "
            "them."
        )
    train = arrays["train"]
    if train.min() == train.max():
        raise ValueError(
            f"{name} must hold images to learn from, but every value of train is {train.flat[0]}. "
            "Check how it was written."
        )
    arrays, levels = _one_scale(arrays)
    labels = {split: check_labels(name, split, y, arrays) for split, y in (labels or {}).items()}
    return {
        split: InMemory(x, labels.get(split), levels, factors=factors and factors[split])
        for split, x in arrays.items()
    }


def _with_channels(name, x):
    """x as [N, H, W, C] of finite numbers."""
    if x.ndim not in (3, 4) or 0 in x.shape:
        raise ValueError(
            f"{name} must have shape [N, H, W] or [N, H, W, C] without empty axes, got "
            f"{list(x.shape)}. Reshape it (a table [N, D] is no image)."
        )
    if x.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, got dtype {x.dtype}. Convert it.")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        bad = np.size(x) - np.count_nonzero(np.isfinite(x))
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite values. Clean it.")
    return x if x.ndim == 4 else x[..., np.newaxis]


def _one_scale(arrays):
    """The arrays in one of the three dtypes, and their number of levels."""
    low = min(x.min() for x in arrays.values())
    high = max(x.max() for x in arrays.values())
    is_8_bit = arrays["train"].dtype.kind in "bui" and low >= 0 and high <= 255
    if is_8_bit:
        arrays = {split: x.astype(np.uint8, copy=False) for split, x in arrays.items()}
    white = 255 if is_8_bit and high == 255 else 1
    if all(np.all((x == 0) | (x == white)) for x in arrays.values()):
        return {split: x == white for split, x in arrays.items()}, 2
    if is_8_bit:
        return arrays, 256
    return {split: x.astype(np.float32, copy=False) for split, x in arrays.items()}, None


def check_labels(name, split, labels, arrays):
    """labels as int64 [N]; ValueError unless there is one for each of arrays[split]."""
    fits = labels.shape == (len(arrays[split]),) and labels.dtype.kind in "buif"
    if not (fits and np.all(labels == labels.astype(np.int64))):
        raise ValueError(
            f"Labels for {split} of {name} must be one whole number for each of the "
            f"{len(arrays[split])} images, got {labels.dtype} {list(labels.shape)}. Drop them or "
            "fix them."
        )
    return labels.astype(np.int64)
