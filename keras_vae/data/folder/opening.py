"""Opening image files by Pillow, under a limit of pixels of this project's own."""

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_vae.data.folder.reasons import NO_IMAGE, Unreadable, too_large
from keras_vae.files import open_regular

if TYPE_CHECKING:
    from PIL import Image

# Pillow warns from MAX_IMAGE_PIXELS on, and refuses from twice as many on.
DEFAULT_MAX_PIXELS = 178_956_970
# Formats of drawings, which other programs paint for Pillow, and of data that it can't read.
NO_PIXELS = ("EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG")

_lock = threading.Lock()
_readers = 0
_before: tuple[int, warnings.catch_warnings]  # Pillow's limit and Python's warnings


@contextlib.contextmanager
def pillow(max_pixels: int | None) -> Iterator[None]:
    """Inside, Pillow reads images of up to max_pixels (or its own limit) without warnings.

    Pillow's limit and Python's warnings belong to the whole process. The first of several readers
    at a time changes them; the last one changes them back.
    """
    global _readers, _before
    from PIL import Image

    with _lock:
        if _readers == 0:
            _before = Image.MAX_IMAGE_PIXELS, warnings.catch_warnings()
            _before[1].__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
            Image.MAX_IMAGE_PIXELS = 0
        _readers += 1
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels or DEFAULT_MAX_PIXELS)
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0:
                Image.MAX_IMAGE_PIXELS, caught = _before
                caught.__exit__(None, None, None)


@contextlib.contextmanager
def opened(path: str, max_pixels: int | None) -> "Iterator[Image.Image]":
    """A Pillow image of the file, whose pixels aren't decoded yet; inside `pillow(max_pixels)`.

    Raises:
      Unreadable: the image has more pixels.
      Exception: whatever Pillow raises for a broken file.
    """
    from PIL import Image

    # Given a path, Pillow would map a TIFF into memory, and shear it if EXIF turns it by a quarter.
    with open_regular(path) as file:
        try:
            image = Image.open(file)
        except Image.DecompressionBombError as error:
            raise Unreadable(too_large(max_pixels)) from error
        with image:
            if image.format in NO_PIXELS:
                raise Unreadable(NO_IMAGE)
            check_size(image, max_pixels)
            yield image


def check_size(image: "Image.Image", max_pixels: int | None) -> None:
    """Raises Unreadable for a frame of more pixels."""
    width, height = image.size
    if width * height > (max_pixels or DEFAULT_MAX_PIXELS):
        raise Unreadable(too_large(max_pixels))
