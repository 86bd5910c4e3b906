"""Whole numbers as values: how many levels they have, and the scale that follows."""

import numbers
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf

BYTES = 256  # levels
FEW = 63  # whole numbers up to here have as many levels as the highest says
MOST = 65_536
_DEPTHS = (BYTES, 1024, 4096, 16_384, MOST)  # of 8, 10, 12, 14 and 16 bits


def is_whole(x: object) -> bool:
    """Whether x is one whole number, of Python or numpy; True and False are none."""
    return isinstance(x, numbers.Integral) and not isinstance(x, bool)


def check_whole(name: str, x: Any, at_least: int) -> None:
    """Raises ValueError unless x is a whole number, and not less than `at_least`."""
    if not is_whole(x):
        raise ValueError(f"{name} must be a whole number, got {x!r}.")
    if x < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {x}.")


def infer_levels(highest: int) -> int:
    """How many levels whole numbers from 0 to `highest` (at most 65,535) have.

    Few levels are what they seem: 0..16 has 17. More are rounded up to the bit depths of cameras
    and files, since an image seldom holds pure white.
    """
    if highest <= FEW:
        return highest + 1
    return next(levels for levels in _DEPTHS if highest < levels)


def looks_like_few_levels(highest: int) -> bool:
    """Whether whole numbers up to `highest` would be nearly black as bytes. 0 is 0 at any scale."""
    return 0 < highest <= FEW


def dtype_of(levels: int) -> np.dtype:
    """The smallest dtype of whole numbers from 0 to levels - 1: uint8 or uint16."""
    return np.min_scalar_type(levels - 1)


def to_bytes(x: np.ndarray, levels: int) -> np.ndarray:
    """uint8: whole numbers x from 0 to levels - 1, rounded to the nearest of 256 levels."""
    nearest = np.round(np.arange(levels) * (255 / (levels - 1))).astype(np.uint8)
    return nearest[x]


def as_floats(x: TensorLike, levels: int = BYTES) -> tf.Tensor:
    """Examples as float32: floats as they are, bool as {0, 1}, whole numbers over levels - 1."""
    x = tf.convert_to_tensor(x)
    if x.dtype.is_integer:
        return tf.cast(x, tf.float32) / float(levels - 1)
    return tf.cast(x, tf.float32)
