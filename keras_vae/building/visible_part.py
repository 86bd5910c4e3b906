"""Which part of an image is given to a model that completes it."""

import pathlib

import numpy as np

from keras_vae.conditions import VISIBLE


def visible_part(visible: str, height: int, width: int) -> np.ndarray:
    """The mask bool [H, W] that `visible` names: True where a pixel is given.

    Args:
      visible: one of `conditions.VISIBLE`, or the path of an image file that is white where a
        pixel is given.
      height, width: of the images.

    Raises:
      ValueError: `visible` is neither, or the file isn't such a mask.
    """
    if visible in VISIBLE:
        return VISIBLE[visible](height, width)
    path = pathlib.Path(visible).expanduser()
    if not path.is_file():
        raise ValueError(
            f"visible must be one of {', '.join(VISIBLE)}, or an image file; {visible!r} is "
            "neither."
        )
    mask = _read(path, visible)
    if mask.shape != (height, width):
        raise ValueError(
            f"visible={visible} has {mask.shape[0]}x{mask.shape[1]} pixels, but the data has "
            f"{height}x{width}. Resize the mask."
        )
    if mask.all() or not mask.any():
        raise ValueError(
            f"visible={visible} must have pixels that are given (grey of 128 or more) and others "
            f"that are hidden, got {'all' if mask.all() else 'none'} given. Paint what is given "
            "white and what is hidden black."
        )
    return mask


def _read(path, visible):
    from PIL import Image, UnidentifiedImageError  # Pillow is slow to import.

    try:
        with Image.open(path) as image:
            if image.has_transparency_data or image.mode[0] in "IF":
                raise ValueError(
                    f"visible={visible} must have 8 bits a pixel, no transparency, and white where "
                    f"a pixel is given, got mode {image.mode}. Save it as a grey PNG."
                )
            return np.asarray(image.convert("L")) >= 128
    except UnidentifiedImageError as error:
        raise ValueError(f"visible={visible} is no image file. Give a PNG, say.") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"visible={visible} can't be read as an image: {error}.") from error
