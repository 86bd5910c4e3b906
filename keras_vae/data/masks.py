"""Which values of examples are known: masks, bool of the examples' shape, True where known.

Unknown values are 0 wherever a split holds them, so that nothing depends on what stood there.
"""

from collections.abc import Mapping

import numpy as np

from keras_vae.data import channel_axis

_MISSING = ("nan",)
_ASSUMED = (
    "likelihoods are those of the known values, taken as missing at random given these (MAR); "
    "where a value itself decides whether it is known, they are off"
)


def of_examples(name: str, mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The mask as bool, of the examples' shape.

    Args:
      name: what errors call it.
      mask: bool or {0, 1}, of a shape that broadcasts to that of the examples; or without their
        last axis, which is known as a whole then; or with one more, of one value.
      shape: of all examples, [N, ...].

    Raises:
      ValueError: it is of other values, or of another shape.
    """
    mask = np.asarray(mask)
    if mask.dtype != bool and not (mask.dtype.kind in "iu" and np.all((mask == 0) | (mask == 1))):
        raise ValueError(
            f"{name} must be bool, True where a value is known, got {mask.dtype}. Write mask > 0."
        )
    mask = mask.astype(bool, copy=False)
    given = mask.shape
    if mask.ndim == len(shape) - 1:
        mask = mask[..., np.newaxis]
    elif mask.ndim == len(shape) + 1 and mask.shape[-1] == 1:
        mask = mask[..., 0]
    fits = mask.ndim == len(shape) and len(mask) == shape[0]
    if not fits or any(m not in (1, n) for m, n in zip(mask.shape, shape, strict=True)):
        raise ValueError(
            f"{name} must be of the examples' shape {list(shape)}, or without their last axis, got "
            f"{list(given)}."
        )
    return np.broadcast_to(mask, shape)


def blank(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """x with 0 for each unknown value; x itself where that changes nothing."""
    if not np.any(x[~mask]):
        return x
    return np.where(mask, x, np.zeros([], x.dtype))


def known_parts(
    name: str,
    arrays: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray] | None = None,
    missing: str | None = None,
    channels: str | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """The arrays with 0 where they are unknown, and which of their values are known.

    Args:
      name: what errors call the data.
      arrays: dict split -> examples, images as in `arrays.from_arrays`.
      masks: dict split -> mask; splits may be missing, all of which is known.
      missing: "nan": NaN is unknown. None: nothing is, but for masks.
      channels: as in `arrays.from_arrays`.

    Returns:
      (arrays; dict split -> bool of the array's shape, or none where all is known; notes).

    Raises:
      ValueError: a mask of another shape, one without its examples, or nothing known in train.
    """
    arrays, found = dict(arrays), {}
    if missing not in (None, *_MISSING):
        raise ValueError(f"missing must be one of {', '.join(_MISSING)}, got {missing}.")
    for split, mask in (masks or {}).items():
        if split not in arrays:
            raise ValueError(f"The mask of {split} of {name} has no examples. Leave it out.")
        shape = np.shape(arrays[split])
        mask = np.asarray(mask)
        if mask.ndim == len(shape) - 1 and len(shape) == 4:
            first = channel_axis.place(f"{split} of {name}", shape, channels) == "first"
            mask = np.expand_dims(mask, 1 if first else -1)
        found[split] = of_examples(f"The mask of {split} of {name}", mask, shape)
    for split, x in arrays.items():
        if missing == "nan" and isinstance(x, np.ndarray) and x.dtype.kind == "f":
            found[split] = ~np.isnan(x) & found.get(split, True)
    if all(mask.all() for mask in found.values()):
        return arrays, {}, ["missing=nan: no value is NaN"] if missing else []
    if "train" in found and not found["train"].any():
        raise ValueError(f"{name} must hold examples to learn from, but all of train is unknown.")
    for split, x in arrays.items():
        found.setdefault(split, np.ones(np.shape(x), bool))
        arrays[split] = blank(x, found[split])
    shares = ", ".join(f"{100 * (1 - mask.mean()):.3g}% of {s}" for s, mask in found.items())
    return arrays, found, [f"unknown are {shares}: {_ASSUMED}"]
