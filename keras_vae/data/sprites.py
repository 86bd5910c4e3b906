"""Sprites: binary images of which five factors are known, drawn from their number (no download).

After dSprites (Matthey et al. 2017, https://github.com/google-deepmind/dsprites-dataset): as many
shapes, scales, rotations and places, and the same images twice where a shape is symmetric.
"""

import functools
import math

import numpy as np

from keras_vae._compat import tf
from keras_vae.data.split import Streamed
from keras_vae.seeds import Site, derive

# How many values each factor takes; the last one turns fastest in an image's number.
FACTORS = {"shape": 3, "scale": 6, "rotation": 40, "x": 32, "y": 32}
NUM_IMAGES = math.prod(FACTORS.values())  # 737,280
SIZE = 64  # H and W
_PATCH = SIZE - FACTORS["x"] + 1  # pixels that a sprite may cover, so that none is cut off
_HELD_OUT = 10_000  # images in validation, and in test
_CHUNK = 4096  # images drawn at a time


def read(seed: int, label: str | None = "shape") -> dict[str, Streamed]:
    """dict split -> Streamed of bool [64, 64, 1]: all sprites, in an order drawn by `seed`.

    Validation and test are 10,000 each. Labels are the factor `label`.
    """
    if label not in FACTORS:
        raise ValueError(f"label={label} must be a factor of sprites: {', '.join(FACTORS)}.")
    order = tf.random.experimental.stateless_shuffle(
        tf.range(NUM_IMAGES), derive(seed, Site.SPLIT)
    ).numpy()
    splits = {
        "train": np.arange(2 * _HELD_OUT, NUM_IMAGES),
        "validation": np.arange(_HELD_OUT, 2 * _HELD_OUT),
        "test": np.arange(_HELD_OUT),
    }
    return {
        split: Streamed(
            (SIZE, SIZE, 1),
            pieces=[positions],
            chunk_size=_CHUNK,
            read_rows=lambda rows: draw(order[rows]),
            read_labels=lambda rows: factors(order[rows])[label],
            binary=True,
            identity=f"sprites 1, seed {seed}",
            read_factors=lambda rows: factors(order[rows]),
        )
        for split, positions in splits.items()
    }


def factors(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """The factors of images [n]: dict name -> int64 [n], each from 0 on.

    Shape is 0 for a square, 1 an ellipse, 2 a heart; scale grows from 1/2 to 1; rotation is
    anticlockwise in steps of 9 degrees; x counts pixels to the right, y downwards.
    """
    return dict(zip(FACTORS, np.unravel_index(numbers, tuple(FACTORS.values())), strict=True))


def draw(numbers: np.ndarray) -> np.ndarray:
    """Images [n] from 0 to NUM_IMAGES - 1 as bool [n, 64, 64, 1]."""
    windows = _windows()
    sprite, x, y = np.unravel_index(numbers, windows.shape[:3])
    return windows[sprite, x, y][..., np.newaxis]


@functools.cache
def _windows():
    """Every sprite at every place: bool [3 * 6 * 40, 32, 32, 64, 64], a view of 6 MB.

    A sprite is a patch on a black ground; what is seen through a window of 64 x 64 pixels that
    moves to the left is the sprite moving to the right.
    """
    margin = SIZE - _PATCH
    ground = np.pad(_patches(), ((0, 0), (margin, margin), (margin, margin)))
    views = np.lib.stride_tricks.sliding_window_view(ground, (SIZE, SIZE), axis=(1, 2))
    return views[:, ::-1, ::-1].swapaxes(1, 2)


def _patches():
    """Every sprite alone: bool [3 * 6 * 40, P, P]. A pixel is white if its middle is inside."""
    scale = np.linspace(0.5, 1.0, FACTORS["scale"]).reshape(-1, 1, 1, 1)
    angle = 2 * np.pi * np.arange(FACTORS["rotation"]).reshape(-1, 1, 1) / FACTORS["rotation"]
    # Pixels' middles, on axes to the right and upwards; the patch goes from -1 to 1.
    middles = (2 * np.arange(_PATCH) + 1) / _PATCH - 1
    x, y = middles, -middles[:, np.newaxis]
    # The same points on the sprite's own axes: [scales, rotations, P, P].
    u = (x * np.cos(angle) + y * np.sin(angle)) / scale
    v = (y * np.cos(angle) - x * np.sin(angle)) / scale
    shapes = (
        np.maximum(abs(u), abs(v)) < 0.7,
        u**2 + (2 * v) ** 2 < 1,
        _heart(1.43 * u, 1.43 * v),
    )
    return np.stack(shapes).reshape(-1, _PATCH, _PATCH)


def _heart(u, v):
    """Inside the curve (u^2 + v^2 - 1)^3 = u^2 v^3, whose farthest points are at 1.425."""
    return (u**2 + v**2 - 1) ** 3 < u**2 * v**3
