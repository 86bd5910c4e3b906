"""Pixels as this project once read them, for runs of that time: transparency and depth were cut."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.data.folder.headers import ORIENTATION, Frame, Header
from keras_vae.data.folder.opening import opened
from keras_vae.data.folder.reasons import Unreadable

if TYPE_CHECKING:
    from PIL import Image

GREY_MODES = ("1", "L", "LA")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")


def header(path: str, max_pixels: int | None) -> Header:
    """Like `headers.read` for the first frame."""
    from PIL import Image

    with opened(path, max_pixels) as image:
        if image.mode not in GREY_MODES + COLOUR_MODES:
            raise Unreadable(f"pixels of Pillow's mode {image.mode}")
        width, height = image.size
        turned = Image.Image.getexif(image).get(ORIENTATION, 1) >= 5
        size = (width, height) if turned else (height, width)
        return Header([Frame(size, image.mode in GREY_MODES, "uint8", False)], False)


def pixels(image: "Image.Image", shape: Sequence[int]) -> np.ndarray:
    """uint8 [H, W, C] of a Pillow image."""
    from PIL import Image, ImageOps

    height, width, channels = shape
    image = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(shape)
