"""The transforms of several columns, as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_vae.columns.column import Squash


class Squashes(NamedTuple):
    """Of n `Squash`, arrays [n]: x is brought to (asinh((x - loc) / scale) - mean) / stddev.

    Of one that is affine float32 would lose the digits of asinh: x is brought to (x - loc) / scale.
    """

    is_affine: np.ndarray
    loc: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    stddev: np.ndarray


def squashes_of(squashes: Sequence[Squash]) -> Squashes:
    """Their arrays, in float64."""
    center, width, mean, stddev = (
        np.array([getattr(squash, name) for squash in squashes], np.float64)
        for name in ("center", "width", "mean", "stddev")
    )
    is_affine = np.array([squash.is_affine for squash in squashes], bool)
    loc = np.where(is_affine, center + width * mean, center)
    return Squashes(is_affine, loc, np.where(is_affine, width * stddev, width), mean, stddev)
