"""From a file to an array of pixels, as deep as the file has them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from keras_vae.data import background as grounds
from keras_vae.data.folder import deep_pixels, old_pixels, resizing, tiff
from keras_vae.data.folder.headers import ORIENTATION
from keras_vae.data.folder.opening import check_size, opened
from keras_vae.data.folder.reasons import NOT_FINITE, OTHER_SIZE, Unreadable

# Changes to images of which the user is told.
TRANSPARENT = "transparent"
ON_OTHER_GROUND = "on the other ground"
CUT_TO_ONE_COLOUR = "cut to one colour"

# EXIF's number for an image's position -> the function that brings [H, W, C] upright.
_TURNED = {
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x.swapaxes(0, 1)[:, ::-1],
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x.swapaxes(0, 1)[::-1],
}


@dataclass(frozen=True)
class Target:
    """What all images become.

    Attributes:
      shape: (H, W, C), C of 1 or 3.
      dtype: np.dtype: bool, uint8, uint16, int32 or float32.
      resize: how they come to (H, W): "crop", "pad" or "stretch"; None if they have it.
      ground: (R, G, B) behind transparent pixels; None for images as they once were.
      max_pixels: larger images are refused; None is Pillow's limit.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype
    resize: str | None
    ground: tuple[int, int, int] | None
    max_pixels: int | None


def decode(path: str, num_frames: int, target: Target) -> tuple[np.ndarray, Counter[str]]:
    """The first images of a file, decoded to their ends.

    Returns:
      (array [num_frames, H, W, C] of target.dtype, Counter of what was done to how many).

    Raises:
      Exception: Unreadable, or whatever Pillow or TensorFlow raise for a broken file.
    """
    done: Counter[str] = Counter()
    array = np.empty((num_frames, *target.shape), target.dtype)
    with opened(path, target.max_pixels) as image:
        for number in range(num_frames):
            if number:
                image.seek(number)
                check_size(image, target.max_pixels)
            array[number] = _one(path, image, target, done)
    return array, done


def _one(path, image, target, done):
    """[H, W, C] of the frame at which `image` stands; what is done is counted in `done`."""
    if target.ground is None:
        return old_pixels.pixels(image, target.shape)
    if not deep_pixels.is_colour(image):
        image.load()
        if _is_plain(image) and target.dtype == np.uint8 and _position(image) == 1:
            return _plain(image, target, done)
    values = _composed(path, image, target.ground, done)
    values = _TURNED.get(_position(image), lambda x: x)(values)
    if values.shape[2] < target.shape[2]:
        values = np.repeat(values, target.shape[2], 2)
    values = values[..., : target.shape[2]]  # a grey palette has equal channels
    if values.dtype == np.uint8 and target.dtype == np.uint16:
        values = values.astype(np.uint16) * np.uint16(257)  # white is white, whatever the depth
    if values.shape == target.shape:
        return values
    if target.resize is None:
        raise Unreadable(OTHER_SIZE)
    resized = resizing.resized(values, target.resize, *target.shape[:2])
    _count_cut(values, resized, target, done)
    return resized


def _is_plain(image):
    """Whether the image has colours of 8 bits at most, and no transparency."""
    mode = image.mode
    return not (mode.startswith("I") or mode == "F" or image.has_transparency_data)


def _plain(image, target, done):
    """Like `_one` for a plain image, which Pillow resizes without copying a large array."""
    height, width, channels = target.shape
    wanted = "L" if channels == 1 else "RGB"
    image = image if image.mode == wanted else image.convert(wanted)
    if image.size == (width, height):
        return np.asarray(image).reshape(target.shape)
    if target.resize is None:
        raise Unreadable(OTHER_SIZE)
    resized = np.asarray(resizing.WAYS[target.resize](image, height, width)).reshape(target.shape)
    _count_cut(image, resized, target, done)
    return resized


def _count_cut(image, resized, target, done):
    """Counts an image of several colours whose cropped middle has only one."""
    if target.resize == "crop" and _is_one_colour(resized):
        whole = np.asarray(image)
        if whole.shape[0] != whole.shape[1] and not _is_one_colour(whole):
            done[CUT_TO_ONE_COLOUR] += 1


def _composed(path, image, ground, done):
    """[H, W, C] of the colours that are seen, C of 1 or 3."""
    values = _values(path, image)
    if values.shape[2] in (1, 3):
        return values
    colours, opacity = values[..., :-1], values[..., -1:]
    if opacity.min() == np.iinfo(values.dtype).max:
        return colours
    done[TRANSPARENT] += 1
    if colours.shape[2] == 1 and not grounds.is_grey(ground):
        colours = np.repeat(colours, 3, 2)
    composed, is_on = grounds.compose(colours, opacity, ground)
    if is_on != ground:
        done[ON_OTHER_GROUND] += 1
    return composed


def _values(path, image):
    """[H, W, C] as deep as the file has them, with opacity as the last of 2 or 4 channels.

    The image is loaded, or one of deep colours.
    """
    if deep_pixels.is_colour(image):
        return deep_pixels.read(path, image)
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        return _one_channel(image)
    grey = mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        values = np.asarray(image.convert("RGBA"))
        return values[..., 2:] if grey else values
    wanted = "L" if grey else "RGB"
    values = np.asarray(image if mode == wanted else image.convert(wanted))
    return values[..., np.newaxis] if grey else values


def _one_channel(image):
    """[H, W, 1] of 16 or 32 bits or floats; [H, W, 2] where one value stands for transparency."""
    values = np.asarray(image)
    if image.mode == "F" and not np.isfinite(values).all():
        raise Unreadable(NOT_FINITE)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        values = values.astype(np.uint16)
        if image.format == "TIFF" and image.tag_v2.get(tiff.PHOTOMETRIC) == 0:  # 0 is white
            values = np.uint16(65535) - values
    values = values[..., np.newaxis]
    if values.dtype == np.uint16 and "transparency" in image.info:
        opaque = values != image.info["transparency"]
        values = np.concatenate([values, opaque * np.uint16(65535)], -1)
    return values


def _position(image):
    """The number that EXIF has for the position, 1 for upright."""
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:  # a broken entry says nothing of the position
        return 1


def _is_one_colour(values):
    return bool((values == values[:1, :1]).all())
