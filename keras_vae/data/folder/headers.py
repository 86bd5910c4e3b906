"""What a file holds, before its pixels are decoded."""

from typing import NamedTuple

import numpy as np

from keras_vae.data.folder import deep_pixels
from keras_vae.data.folder.opening import check_size, opened
from keras_vae.data.folder.reasons import CUT_DEPTH, Unreadable

GREY_MODES = ("1", "L", "LA", "La", "I", "F")  # 16-bit modes, I;16 in its byte orders, are grey too
PALETTE_MODES = ("P", "PA")
COLOUR_MODES = ("RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")
ORIENTATION = 0x0112  # EXIF's tag; from 5 on, the image is turned by a quarter
# Animations, whose frames are all of one size and kind.
ONE_CANVAS = ("GIF", "PNG", "WEBP", "AVIF", "FLI")
# Formats whose "frames" are layers of one image, or none.
NO_FRAMES = ("PSD", "IM", "SPIDER")


class Frame(NamedTuple):
    """One image of a file.

    Attributes:
      size: (H, W) in pixels, in the position that EXIF states.
      is_grey: True, False, or None where only its pixels can tell.
      dtype: the name of a dtype that keeps its depth: bool, uint8, uint16, int32 or float32.
      may_be_transparent: whether it says how opaque its pixels are.
    """

    size: tuple[int, int]
    is_grey: bool | None
    dtype: str
    may_be_transparent: bool


class Header(NamedTuple):
    """The frames of a file that are taken, and whether it has several."""

    frames: list[Frame]
    has_several: bool


def read(path: str, frames: str, max_pixels: int | None) -> Header:
    """The header of the file, of its "first" frame or of "all".

    Raises:
      Exception: Unreadable, or whatever Pillow raises for a broken file.
    """
    with opened(path, max_pixels) as image:
        several = getattr(image, "is_animated", False) and image.format not in NO_FRAMES
        first = _frame(image, path)
        if frames == "first" or not several:
            return Header([first], several)
        if image.format in ONE_CANVAS:
            # A later frame of a GIF may have a palette of its own.
            later = first._replace(is_grey=None) if image.format == "GIF" else first
            return Header([first, *[later] * (image.n_frames - 1)], several)
        found = [first]
        for number in range(1, image.n_frames):
            image.seek(number)
            check_size(image, max_pixels)
            found.append(_frame(image, path))
        return Header(found, several)


def has_colours(path: str, max_pixels: int | None) -> bool:
    """Whether some pixel that can be seen, of some frame, isn't grey."""
    from PIL import ImageSequence

    with opened(path, max_pixels) as image:
        for frame in ImageSequence.Iterator(image):
            pixels = np.asarray(frame.convert("RGBA"))
            seen = pixels[pixels[..., 3] > 0]
            if (seen[:, :1] != seen[:, 1:3]).any():
                return True
    return False


def _frame(image, path):
    if deep_pixels.is_cut(image, path):
        raise Unreadable(CUT_DEPTH)
    return Frame(_size(image), _is_grey(image), _dtype(image), image.has_transparency_data)


def _size(image):
    from PIL import Image

    width, height = image.size
    if image.format == "TIFF":  # its size is of the upright image already
        return height, width
    try:
        # image.getexif() would decode a PNG to its end to look for more.
        turned = Image.Image.getexif(image).get(ORIENTATION, 1) in (5, 6, 7, 8)
    except Exception:  # a broken entry says nothing of the position
        turned = False
    return (width, height) if turned else (height, width)


def _is_grey(image):
    mode = image.mode
    if mode in GREY_MODES or mode.startswith("I;16") or deep_pixels.is_grey(image):
        return True
    if mode in PALETTE_MODES:
        # The colours of a palette may be ones that the image doesn't use.
        return _palette_is_grey(image.palette) or None
    if mode not in COLOUR_MODES:
        raise Unreadable(f"pixels of Pillow's mode {mode}, which this project doesn't know")
    return False


def _palette_is_grey(palette):
    order, colours = palette.getdata()
    table = np.frombuffer(bytes(colours), np.uint8)
    if order.endswith(";L"):  # all reds, then all greens, then all blues
        table = table.reshape(3, -1).T
    else:
        table = table[: len(table) // len(order) * len(order)].reshape(-1, len(order))[:, :3]
    return bool((table == table[:, :1]).all())


def _dtype(image):
    if image.mode.startswith("I;16") or deep_pixels.is_colour(image):
        return "uint16"
    if image.mode == "I":  # PNG and PGM have 16 bits here
        return "uint16" if image.format in ("PNG", "PPM") else "int32"
    if image.mode == "1" and not image.has_transparency_data:
        return "bool"
    return "float32" if image.mode == "F" else "uint8"
