"""How many levels whole numbers have, and fewer levels of many."""

import numpy as np

FEW = 63  # whole numbers up to here have as many levels as the highest says
MOST = 65_536
_DEPTHS = (256, 1024, 4096, 16_384, MOST)  # of 8, 10, 12, 14 and 16 bits


def infer_levels(highest: int) -> int:
    """How many levels whole numbers from 0 to `highest` (at most 65,535) have.

    Few are what they seem, 17 of 0..16. More are of as many bits as cameras and files have: an
    image seldom holds its white.
    """
    if highest <= FEW:
        return highest + 1
    return next(levels for levels in _DEPTHS if highest < levels)


def dtype_of(levels: int) -> np.dtype:
    """The smallest dtype of whole numbers from 0 to levels - 1: uint8 or uint16."""
    return np.min_scalar_type(levels - 1)


def to_bytes(x, levels: int):
    """uint8: whole numbers x from 0 to levels - 1, rounded to the nearest of 256 levels."""
    nearest = np.round(np.arange(levels) * (255 / (levels - 1))).astype(np.uint8)
    return nearest[x]
