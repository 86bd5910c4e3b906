"""Images of one size, by Pillow's antialiased bicubic filter."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image


def resized(values: np.ndarray, how: str, height: int, width: int) -> np.ndarray:
    """[height, width, C] of [H, W, C], of the same dtype; `how` is one of WAYS."""
    from PIL import Image

    if values.dtype == np.uint8:
        image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)
        return np.asarray(WAYS[how](image, height, width)).reshape(height, width, -1)
    channels = [
        np.asarray(WAYS[how](Image.fromarray(channel.astype(np.float32)), height, width))
        for channel in np.moveaxis(values, 2, 0)
    ]
    # The filter overshoots at edges: no value may be beyond those that the image has.
    found = np.clip(np.stack(channels, -1), values.min(), values.max())
    return (np.rint(found) if values.dtype.kind in "iu" else found).astype(values.dtype)


def crop(image: "Image.Image", height: int, width: int) -> "Image.Image":
    """The largest part in the middle that has the shape height : width, resized to it."""
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC)


def pad(image: "Image.Image", height: int, width: int) -> "Image.Image | np.ndarray":
    """The whole image in the middle, as large as it can be, with 0 beside it."""
    from PIL import Image

    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    padded = Image.new(image.mode, (width, height))
    place = (width - size[0]) // 2, (height - size[1]) // 2
    padded.paste(image.resize(size, Image.Resampling.BICUBIC), place)
    return padded


def stretch(image: "Image.Image", height: int, width: int) -> "Image.Image":
    """The whole image, whatever becomes of its proportions."""
    from PIL import Image

    return image.resize((width, height), Image.Resampling.BICUBIC)


WAYS = {"crop": crop, "pad": pad, "stretch": stretch}  # functions of Pillow images
