"""Where the axes of an array are: its examples first, its channels last."""

import math
from collections.abc import Sequence

import numpy as np

_CHANNELS_LAST = (1, 2, 3, 4)
_CHANNELS_FIRST = (1, 3, 4)


def place(name: str, shape: Sequence[int], channels: str | None = None) -> str:
    """Where an array of this shape has its channels: "none", "first" or "last".

    Args:
      name: what errors call the array.
      shape: [N, H, W], [N, H, W, C] or [N, C, H, W].
      channels: "first" or "last" says it for four axes; None goes by the shape.

    Raises:
      ValueError: it isn't the shape of a set of images, or can be read both ways or neither.
    """
    if len(shape) not in (3, 4) or 0 in shape:
        raise ValueError(
            f"{name} must have shape [N, H, W] or [N, H, W, C] without empty axes, got "
            f"{list(shape)}. {_remedy(shape)}."
        )
    if len(shape) == 3:
        if channels == "first":
            raise ValueError(
                f"channels=first is for [N, C, H, W], but {name} is {list(shape)}, without an axis "
                "of channels. Leave it out."
            )
        return "none"
    if channels:
        return channels
    last = shape[3] in _CHANNELS_LAST
    # Channels don't come first where images would then be one pixel high or wide.
    first = shape[1] in _CHANNELS_FIRST and min(shape[2:]) > 1
    if last and not first:
        return "last"
    if first and min(shape[2:]) > max(_CHANNELS_LAST):
        return "first"
    raise ValueError(
        f"{name} of shape {list(shape)} can be [N, H, W, C] or [N, C, H, W]: say channels=last or "
        "channels=first."
    )


def turned(x: np.ndarray, where: str) -> np.ndarray:
    """x as [N, H, W, C], from where `place` found its channels."""
    if where == "none":
        return x[..., np.newaxis]
    return np.moveaxis(x, 1, -1) if where == "first" else x


def _remedy(shape):
    """What to do with a shape of no images, as a sentence without its dot."""
    if 0 in shape:
        return "Leave empty arrays out"
    if len(shape) < 2:
        return "It needs an axis of examples, and height and width"
    values = math.prod(shape[1:])
    if len(shape) == 2:
        side = math.isqrt(values)
        as_images = f"x.reshape(-1, {side}, {side})" if side**2 == values else "x.reshape(-1, H, W)"
        return f"A table [N, D] is no image: reshape its rows, as {as_images}"
    return f"Make each example one image, as x.reshape(-1, {shape[-3]}, {shape[-2]}, {shape[-1]})"
