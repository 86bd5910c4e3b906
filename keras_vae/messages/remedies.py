"""Lines of Python that bring numbers to a scale, for errors; x is the user's array."""

import math

import numpy as np

from keras_vae.ops.whole_numbers import BYTES, FEW, MOST, dtype_of, infer_levels

_NO_NUMBERS = {
    "c": "Take abs(x), or stack its real and imaginary part as channels.",
    "records": "It is a table of records: name one field, as in x['name'].",
    "M": "Dates can't be values of pixels.",
    "m": "Spans of time can't be values of pixels.",
}
_OVERSHOOT = 0.25  # how far a resize by a cubic spline takes values beyond 0 and 1


def to_numbers(dtype: np.dtype) -> str:
    """A sentence on what to do with an array of this dtype, which isn't one of numbers."""
    kind = "records" if dtype.names else dtype.kind
    return _NO_NUMBERS.get(kind, "Convert it, as x.astype('float32').")


def to_unit(low: float, high: float, is_whole: bool) -> str:
    """Python code that brings all x to floats from 0 to 1.

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
    # The divisor is a float, since whole numbers of a narrow dtype would overflow.
    if low >= 0:
        return f"x / {float(high)!r}"
    return f"np.clip((x + {-float(low)!r}) / {float(high) - float(low)!r}, 0, 1)"


def to_levels(low: float, high: float, is_whole: bool) -> str:
    """Python code that brings all x to uint8 or uint16; for the arguments see `to_unit`."""
    if _is_signed(low, high):
        return 'np.round(127.5 * (x + 1)).astype("uint8")'
    if _is_of_levels(low, high, is_whole):
        whole = "x" if is_whole else "np.round(x)"
        return f'{whole}.astype("{dtype_of(round(high) + 1)}")'
    if is_whole and low < 0 and high - low < MOST:
        return f'(x.astype("int64") + {-int(low)}).astype("{dtype_of(int(high - low) + 1)}")'
    if low >= 0 and high <= 1:
        return 'np.round(255 * x).astype("uint8")'
    return f'np.round({to_unit(low, high, is_whole)} * 255).astype("uint8")'


def to_support(
    values: str, low: float, high: float, is_whole: bool, levels: int | None = None
) -> str:
    """A sentence on what brings floats x to what a model's likelihood takes.

    Args:
      values: "binary", "unit", "levels", "real" or "counts".
      low, high, is_whole: as of `to_unit`.
      levels: how many, of a likelihood of levels.
    """
    if values == "binary":
        middle = 0.0 if _is_signed(low, high) else high / 2
        return (
            f"Cut x to black and white, as x >= {middle:g}, or choose a likelihood for grey, such "
            "as continuous_bernoulli."
        )
    if values == "unit":
        return f"Give {to_unit(low, high, is_whole)}."
    if values == "levels" and levels == BYTES:
        return f"Give {to_levels(low, high, is_whole)}."
    if values == "levels" and levels is not None:
        unit = "x" if low >= 0 and high <= 1 else to_unit(low, high, is_whole)
        return f'Give np.round({levels - 1} * ({unit})).astype("{dtype_of(levels)}").'
    if values == "counts":
        return "Give whole numbers from 0 on, or choose another likelihood."
    return "Clean x."


def _is_signed(low, high):
    """Whether the numbers look like values from -1 to 1."""
    return -1 <= low < -_OVERSHOOT and high <= 1


def _is_of_levels(low, high, is_whole):
    """Whether the numbers look like levels from 0 on, perhaps with fractions."""
    return low >= 0 and 1 < high < MOST and (is_whole or high > FEW)
