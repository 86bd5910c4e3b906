"""The sizes of the maps in a ladder of convolutions, and how many layers of latents each has."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

# Latents at full size are costly: maps of latents are at most this high and wide.
_LARGEST = 32
# Images at most this high and wide are small enough for latents at full size.
_SMALL = 12
# Layers of larger maps take most of a step's time.
_WIDE = 16
# More than twice what VDVAE has; more are a slip of the pen that would fill memory.
_MOST_LAYERS = 200


class Stage(NamedTuple):
    """Maps of one size.

    Attributes:
      height, width: of the maps.
      num_layers: how many layers of latents there are of this size.
      factor: how many times higher and wider the stage before it is, or the image at the first one.
    """

    height: int
    width: int
    num_layers: int
    factor: int


def stages_of(stages: Sequence[str] | None, image_shape: Sequence[int]) -> list[Stage]:
    """The stages, the largest first, that texts such as 16x4 name: height x number of layers.

    Args:
      stages: one text for each stage; () for `default_stages`, None for those of former versions.
      image_shape: (H, W, ...); the width follows by the same factors, rounded up. A height of 1
        below others is a single place.

    Raises:
      ValueError: a text says something else, or a height isn't that before it divided by a whole
        number and rounded up.
    """
    if not stages:
        return default_stages(image_shape, 4 if stages is None else 2)
    found: list[Stage] = []
    height, width = image_shape[:2]
    for text, (wanted, num_layers) in zip(stages, check_form(stages), strict=True):
        factors = range(1 if not found else 2, max(height, width, 2) + 1)
        fitting = [f for f in factors if -(-height // f) == wanted]
        # The smallest factor, but height 1 is a single place: of wide images too.
        factor = max(height, width) if wanted == 1 < height else next(iter(fitting), None)
        if factor is None:
            possible = sorted({-(-height // f) for f in factors}, reverse=True)
            above = "the image" if not found else "the stage before it"
            raise ValueError(
                f"stages={','.join(stages)}: {text} can't follow {above} of height {height}. A "
                f"height is one before it divided and rounded up: {', '.join(map(str, possible))}."
            )
        height, width = wanted, -(-width // factor)
        found.append(Stage(height, width, num_layers, factor))
    return found


def check_form(stages: Sequence[str]) -> list[tuple[int, int]]:
    """(height, number of layers) of each stage; ValueError for what no image could have."""
    found: list[tuple[int, int]] = []
    for text in stages:
        match = re.fullmatch(r"([1-9]\d{0,8})x([1-9]\d{0,8})", text, re.ASCII)
        if match is None:
            raise ValueError(
                f"stages must be heights with their numbers of layers, as in 16x4,8x3,4x2,1x1; got "
                f"{text!r}."
            )
        found.append((int(match[1]), int(match[2])))
    num_layers = sum(number for _, number in found)
    if num_layers > _MOST_LAYERS:
        raise ValueError(
            f"stages={','.join(stages)} has {num_layers} layers of latents, and at most "
            f"{_MOST_LAYERS} can be. Use fewer."
        )
    if num_layers < 2:
        raise ValueError(
            f"stages={','.join(stages)} must have at least two layers of latents together. Add "
            "some, or use structure=single with latent_shape."
        )
    return found


def default_stages(image_shape: Sequence[int], num_wide: int = 2) -> list[Stage]:
    """Stages for images (H, W, ...): halved sizes to maps of at most four, then a single place.

    The largest maps have four layers, or `num_wide` if they are wider or higher than 16: more of
    them stay unused until tens of thousands of images were seen.
    """
    height, width = image_shape[:2]
    first = 1
    while max(height, width) > (_SMALL if first == 1 else first * _LARGEST):
        first *= 2
    factors = [first]
    while max(height, width) > 4 * math.prod(factors):
        factors.append(2)
    largest = -(-max(height, width) // first)
    layers = [num_wide if largest > _WIDE else 4, *[3] * (len(factors) - 2), 2][-len(factors) :]
    found = []
    for factor, num_layers in zip(factors, layers, strict=True):
        height, width = -(-height // factor), -(-width // factor)
        found.append(Stage(height, width, num_layers, factor))
    return [*found, Stage(1, 1, 1, max(height, width, 2))]
