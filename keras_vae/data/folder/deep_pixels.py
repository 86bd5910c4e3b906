"""Pixels of 16 bits that Pillow would cut to 8."""

from typing import TYPE_CHECKING

import numpy as np

from keras_vae._compat import tf
from keras_vae.data.folder import tiff
from keras_vae.data.folder.reasons import TRUNCATED, Unreadable
from keras_vae.files import open_regular

if TYPE_CHECKING:
    from PIL import Image

# Endings of Pillow's raw modes for files that are deeper than the mode they decode to.
_DEEP = (";16B", ";16L", ";16N")
_HEADER_BYTES = 1 << 16


def is_colour(image: "Image.Image") -> bool:
    """Whether it is a PNG or TIFF of colours (or grey and opacity) of 16 bits."""
    return _is_cut_by_pillow(image) and image.format in ("PNG", "TIFF") and image.mode != "CMYK"


def is_grey(image: "Image.Image") -> bool:
    """Whether `is_colour` holds, and the channels are grey and opacity."""
    return is_colour(image) and _raw_mode(image).startswith("LA;")


def is_cut(image: "Image.Image", path: str) -> bool:
    """Whether it has more than 8 bits a channel, of which only 8 can be read."""
    if image.format in ("JPEG2000", "AVIF") and not image.mode.startswith("I"):
        return _bits_of_box(image.format, path) > 8
    return _is_cut_by_pillow(image) and not is_colour(image)


def read(path: str, image: "Image.Image") -> np.ndarray:
    """uint16 [H, W, C] of an opened image that `is_colour`, opacity as the last of 2 or 4.

    Raises:
      Unreadable, or what TensorFlow or Pillow raise for a broken file.
    """
    if image.format == "TIFF":
        return tiff.read(path, image)
    with open_regular(path) as file:
        content = file.read()
    try:
        with tf.device("CPU:0"):
            pixels = tf.io.decode_png(content, dtype=tf.uint16).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise Unreadable(TRUNCATED if b"IEND" not in content[-12:] else "damaged") from error
    if "transparency" in image.info and pixels.shape[2] == 3:  # one colour is transparent
        opaque = (pixels != image.info["transparency"]).any(-1, keepdims=True)
        pixels = np.concatenate([pixels, opaque * np.uint16(65535)], -1)
    return pixels


def _is_cut_by_pillow(image):
    if image.mode.startswith("I") or image.mode == "F":
        return False
    if image.format == "TIFF":
        return max(image.tag_v2.get(tiff.BITS, (1,))) > 8
    args = image.tile[0].args if image.tile else ()
    if image.format == "SGI":
        return image.tile[0].codec_name == "SGI16" or 2 in args[2:]
    if image.format == "PPM":
        return isinstance(args, tuple) and args[-1] > 255
    return _raw_mode(image).endswith(_DEEP)


def _raw_mode(image):
    args = image.tile[0].args if image.tile else ""
    found = args[0] if isinstance(args, tuple) and args else args
    return found if isinstance(found, str) else ""


def _bits_of_box(kind, path):
    """Bits a channel by the header of a JPEG 2000 or AVIF; 8 where it isn't found."""
    with open_regular(path) as file:
        begin = file.read(_HEADER_BYTES)
    if kind == "AVIF":
        found = begin.find(b"av1C")
        return 10 if 0 <= found < len(begin) - 6 and begin[found + 6] & 0x40 else 8
    found = begin.find(b"\xff\x4f\xff\x51")  # the markers of a start and of sizes
    return (begin[found + 42] & 0x7F) + 1 if 0 <= found < len(begin) - 42 else 8
