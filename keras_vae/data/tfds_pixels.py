"""Images of TFDS on their way from disk: a ground behind transparency, one size for all."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import tf
from keras_vae.config.image_options import COMMON_SIZE, note_on_sizes, parse_background
from keras_vae.data import background


def preparation(
    feature: Any, image_size: int | None, how: str, alpha_background: str
) -> tuple[Callable[[tf.Tensor], tf.Tensor], tuple[int, int, int], int | None, list[str]]:
    """How images are made of those that are stored.

    Args:
      feature: the TFDS feature of the images.
      image_size, how, alpha_background: as image_size, resize and alpha_background of
        `tfds_images.read`.

    Returns:
      (function of one image [H, W, C] as it is stored, the shape of what it gives, the size that
      images are brought to or None, list of notes).
    """
    *sides, channels = feature.shape
    steps, notes = [], []
    if None in sides and not image_size:
        image_size = COMMON_SIZE
        notes.append(note_on_sizes("many sizes"))
    is_transparent = type(feature).__name__ == "Image" and channels in (2, 4)
    if is_transparent and (colour := parse_background(alpha_background)):
        channels = 1 if channels == 2 and background.is_grey(colour) else 3
        steps.append(functools.partial(_on_ground, colour=colour, channels=channels))
        other = background.name_of(background.other(colour))
        notes.append(
            f"transparent images are put on alpha_background={alpha_background}, but those drawn "
            f"in this colour alone, which would vanish, on {other}"
        )
    if image_size:
        steps.append(functools.partial(resize, size=image_size, how=how))
        sides = [image_size, image_size]

    def prepare(image):
        for step in steps:
            image = step(image)
        return image

    return prepare, (*sides, channels), image_size, notes


def _on_ground(image, colour, channels):
    """[H, W, channels] of grey or RGB with opacity as last channel: see `background.compose`."""
    white = image.dtype.max
    colours, opacity = image[..., :-1], tf.cast(image[..., -1:], tf.int64)

    def at_depth(rgb):
        return np.array(rgb[:channels], np.int64) * (white // 255)

    colours = tf.cast(colours, tf.int64)  # the products of 16 bits need more than 32
    is_drawn = opacity > 0
    vanishes = tf.reduce_all((colours == at_depth(colour)) | ~is_drawn) & tf.reduce_any(is_drawn)
    behind = tf.where(vanishes, at_depth(background.other(colour)), at_depth(colour))
    mixed = colours * opacity + behind * (white - opacity)
    return tf.cast((mixed + white // 2) // white, image.dtype)


def resize(image: tf.Tensor, size: int, how: str) -> tf.Tensor:
    """A square, resized as PIL does it (antialiased bicubic), in the image's dtype."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    if how == "crop":
        side = tf.minimum(height, width)
        image = tf.image.crop_to_bounding_box(
            image, (height - side) // 2, (width - side) // 2, side, side
        )
    elif how == "pad":
        side = tf.maximum(height, width)
        image = tf.image.pad_to_bounding_box(
            image, (side - height) // 2, (side - width) // 2, side, side
        )
    resized = tf.image.resize(image, [size, size], "bicubic", antialias=True)
    if image.dtype.is_integer:
        return tf.saturate_cast(tf.round(resized), image.dtype)
    # A cubic spline goes beyond the values that it joins.
    return tf.clip_by_value(
        tf.cast(resized, image.dtype), tf.reduce_min(image), tf.reduce_max(image)
    )
