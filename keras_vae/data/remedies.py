"""Lines of Python that bring numbers to a scale, for errors; x is the user's array."""

import math

from keras_vae.data.levels import FEW, MOST, dtype_of, infer_levels

_OVERSHOOT = 0.25  # so far beyond 0 and 1 go images that were resized by a cubic spline


def to_unit(low, high, is_whole: bool) -> str:
    """What brings all x to floats from 0 to 1.

    Args:
      low, high: the lowest and the highest of x, as Python numbers.
      is_whole: whether all x are whole numbers.
    """
    if _is_signed(low, high):
        return "(x + 1) / 2"
    if _is_of_levels(low, high, is_whole):
        return f"x / {infer_levels(math.ceil(high)) - 1}"
    if low >= -_OVERSHOOT and high <= 1 + _OVERSHOOT:
        return "np.clip(x, 0, 1)"
    if low >= 0:
        return f"x / {high!r}"
    return f"np.clip((x + {-low!r}) / {high - low!r}, 0, 1)"


def to_levels(low, high, is_whole: bool) -> str:
    """What brings all x to whole numbers of uint8 or uint16; arguments as of `to_unit`."""
    if _is_signed(low, high):
        return 'np.round(127.5 * (x + 1)).astype("uint8")'
    if _is_of_levels(low, high, is_whole):
        whole = "x" if is_whole else "np.round(x)"
        return f'{whole}.astype("{dtype_of(round(high) + 1)}")'
    if is_whole and low < 0 and high - low < MOST:
        return f'(x.astype("int64") + {-int(low)}).astype("{dtype_of(int(high - low) + 1)}")'
    unit = "x" if low >= 0 and high <= 1 else to_unit(low, high, is_whole)
    return f'np.round(255 * {unit}).astype("uint8")'


def _is_signed(low, high):
    """Whether they look like values from -1 to 1."""
    return -1 <= low < -_OVERSHOOT and high <= 1


def _is_of_levels(low, high, is_whole):
    """Whether they look like levels from 0 on, perhaps with fractions."""
    return low >= 0 and 1 < high < MOST and (is_whole or high > FEW)
