"""Which part of an image is given to a model that completes it."""

import pathlib

import numpy as np

from keras_vae.conditions import VISIBLE


def visible_part(visible: str, height: int, width: int) -> np.ndarray:
    """The mask bool [H, W] of that name, or in that file: True where a pixel is given.

    Args:
      visible: one of `conditions.VISIBLE`, or the path of an image file, white where given.
      height, width: of the images.

    Raises:
      ValueError: it is neither, or the file isn't such a mask.
    """
    if visible in VISIBLE:
        return VISIBLE[visible](height, width)
    path = pathlib.Path(visible).expanduser()
    if not path.is_file():
        raise ValueError(
            f"visible must be one of {', '.join(VISIBLE)}, or an image file; got {visible!r}."
        )
    mask = _read(path, visible)
    if mask.shape != (height, width):
        raise ValueError(
            f"visible={visible} is of {mask.shape[0]}x{mask.shape[1]} pixels, the data of "
            f"{height}x{width}. Resize the mask."
        )
    return mask


def _read(path, visible):
    from PIL import Image, UnidentifiedImageError  # Takes its time to import.

    try:
        with Image.open(path) as image:
            if image.has_transparency_data or image.mode[0] in "IF":
                raise ValueError(
                    f"visible={visible} must be of 8 bits a pixel and without transparency, "
                    f"white where a pixel is given, got mode {image.mode}. Save it so."
                )
            return np.asarray(image.convert("L")) >= 128
    except UnidentifiedImageError as error:
        raise ValueError(f"visible={visible} is no image file.") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"visible={visible} can't be read as an image: {error}.") from error
