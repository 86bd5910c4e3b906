"""Images of one size, by Pillow's antialiased bicubic filter."""

import numpy as np


def crop(values, height, width):
    """The largest part in the middle that has the shape height : width, resized to it."""
    from PIL import ImageOps

    return _each(values, lambda image: ImageOps.fit(image, (width, height), _bicubic()))


def pad(values, height, width):
    """The whole image in the middle, as large as it can be, with 0 beside it."""
    from PIL import Image

    def padded(image):
        scale = min(width / image.width, height / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        whole = Image.new(image.mode, (width, height))
        place = (width - size[0]) // 2, (height - size[1]) // 2
        whole.paste(image.resize(size, _bicubic()), place)
        return whole

    return _each(values, padded)


def stretch(values, height, width):
    """The whole image, whatever becomes of its proportions."""
    return _each(values, lambda image: image.resize((width, height), _bicubic()))


WAYS = {"crop": crop, "pad": pad, "stretch": stretch}


def _bicubic():
    from PIL import Image

    return Image.Resampling.BICUBIC


def _each(values, resize):
    """[H, W, C] resized by a function of a Pillow image: at once if 8 bits, else by channels."""
    from PIL import Image

    if values.dtype == np.uint8:
        image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)
        resized = np.asarray(resize(image))
        return resized.reshape(*resized.shape[:2], values.shape[2])
    channels = [
        np.asarray(resize(Image.fromarray(channel.astype(np.float32))))
        for channel in np.moveaxis(values, 2, 0)
    ]
    # The filter overshoots at edges: no value may be beyond those that the image has.
    resized = np.clip(np.stack(channels, -1), values.min(), values.max())
    return (np.rint(resized) if values.dtype.kind in "iu" else resized).astype(values.dtype)
