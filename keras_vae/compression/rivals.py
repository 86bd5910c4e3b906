"""What general formats make of the same images."""

import bz2
import gzip
import io
import math
from typing import NamedTuple

import numpy as np

from keras_vae._compat import TensorLike

# The longest side of a WebP picture, in pixels.
_MAX_WEBP = 16383


class Size(NamedTuple):
    """The smallest that a format got.

    Attributes:
      num_bytes: of all images together.
      form: how the images were given to it.
    """

    num_bytes: int
    form: str


def rival_sizes(levels_of_x: TensorLike, levels: int) -> dict[str, Size | None]:
    """The least bytes that gzip, bz2, PNG and WebP (lossless) need, each in its best form.

    gzip and bz2 get all pixels as one file, of bytes or, where there are two levels, of bits; PNG
    and WebP get a picture of each image, one of all in a column, or one of all in a square.

    Args:
      levels_of_x: images as whole numbers, [N, H, W, C].
      levels: from 0 to levels - 1.

    Returns:
      By format; None for what can't hold such images: more than 256 levels, or for PNG and WebP
      another number of channels than 1 or 3.
    """
    if levels > 256:
        return dict.fromkeys(("gzip", "bz2", "PNG", "WebP"))
    x = np.asarray(levels_of_x, np.uint8)
    files = {"bytes": x.tobytes()}
    if levels == 2:
        files["bits"] = np.packbits(x).tobytes()
    found = {
        "gzip": {form: len(gzip.compress(file, 9)) for form, file in files.items()},
        "bz2": {form: len(bz2.compress(file, 9)) for form, file in files.items()},
        "WebP": {
            form: sum(_webp(picture, levels) for picture in pictures)
            for form, pictures in _layouts(x).items()
            if max(pictures[0].shape) <= _MAX_WEBP
        },
    }
    return {name: _smallest(sizes) for name, sizes in found.items()} | {"PNG": png_size(x, levels)}


def png_size(levels_of_x: TensorLike, levels: int) -> Size | None:
    """The least bytes that PNG needs; arguments, layouts and None are as in `rival_sizes`."""
    if levels > 256:
        return None
    x = np.asarray(levels_of_x, np.uint8)
    return _smallest(
        {form: sum(_png(p, levels) for p in pictures) for form, pictures in _layouts(x).items()}
    )


def _smallest(sizes):
    return min((Size(size, form) for form, size in sizes.items()), default=None)


def _layouts(x):
    """Lists of pictures [H, W, C], by name; none of what no picture format holds."""
    if x.ndim != 4 or x.shape[-1] not in (1, 3):
        return {}
    n, height, width, channels = x.shape
    side = math.ceil(math.sqrt(n))
    square = np.zeros((side * side, *x.shape[1:]), np.uint8)
    square[:n] = x
    square = square.reshape(side, side, height, width, channels).swapaxes(1, 2)
    return {
        "a picture each": list(x),
        "one picture, a column": [x.reshape(n * height, width, channels)],
        "one picture, a square": [square.reshape(side * height, side * width, channels)],
    }


def _png(picture, levels):
    return _saved(_image(picture, levels), format="PNG", optimize=True)


def _webp(picture, levels):
    image = _image(picture, levels).convert("RGB")
    return _saved(image, format="WEBP", lossless=True, quality=100, method=6)


def _image(picture, levels):
    """As a PIL image; of two levels black and white, of one bit a pixel."""
    from PIL import Image

    if picture.shape[-1] == 3:
        return Image.fromarray(picture)
    grey = Image.fromarray(picture[..., 0] * (255 if levels == 2 else 1))
    return grey.convert("1") if levels == 2 else grey


def _saved(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return len(file.getvalue())
