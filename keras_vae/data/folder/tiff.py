"""TIFF of colours of 16 bits, which Pillow would cut to 8.

Pillow reads 16 bits of one channel. So the file is given another directory, in which its channels
stand side by side, as one channel of an image so many times as wide.
"""

import io
import struct
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.data.folder.reasons import Unreadable
from keras_vae.files import open_regular

if TYPE_CHECKING:
    from PIL import Image

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_SIZES, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, EXTRA = 317, 322, 323, 324, 325, 338
LONG = 4  # the type of an entry's numbers


def read(path: str, image: "Image.Image") -> np.ndarray:
    """uint16 [H, W, C] of the page at which `image` stands; opacity is the last of 4 channels."""
    with open_regular(path) as file:
        content = file.read()
    tags = image.tag_v2
    samples = tags[SAMPLES]
    if tags.get(PLANAR, 1) == 2:
        pixels = np.concatenate(
            [_channels(content, tags, 1, (plane, samples)) for plane in range(samples)], -1
        )
    else:
        pixels = _channels(content, tags, samples, (0, 1))
    return _opacity(pixels, tags.get(EXTRA, ()))


def _channels(content, tags, samples, part):
    """uint16 [H, W, samples] of one part of the strips or tiles: (its number, how many parts)."""
    from PIL import Image

    width, height = tags[WIDTH], tags[HEIGHT]
    entries = {
        WIDTH: width * samples,
        HEIGHT: height,
        BITS: 16,
        COMPRESSION: tags.get(COMPRESSION, 1),
        PHOTOMETRIC: 1,
        FILL_ORDER: tags.get(FILL_ORDER, 1),
        SAMPLES: 1,
        PLANAR: 1,
        PREDICTOR: 1,
    }
    step = width
    if TILE_OFFSETS in tags:
        step = tags[TILE_WIDTH]
        entries |= {TILE_WIDTH: step * samples, TILE_HEIGHT: tags[TILE_HEIGHT]}
        places = (TILE_OFFSETS, TILE_SIZES)
    else:
        entries[ROWS_PER_STRIP] = tags.get(ROWS_PER_STRIP, height)
        places = (STRIP_OFFSETS, STRIP_SIZES)
    for tag in places:
        number, parts = part
        each = len(tags[tag]) // parts
        entries[tag] = tags[tag][number * each : (number + 1) * each]
    with Image.open(io.BytesIO(_with_directory(content, tags.prefix, entries))) as flat:
        pixels = np.asarray(flat).astype(np.uint16).reshape(height, width, samples)
    predictor = tags.get(PREDICTOR, 1)
    if predictor == 2:  # a pixel is stored as its difference from the one before it
        for start in range(0, width, step):
            pixels[:, start : start + step] = np.cumsum(
                pixels[:, start : start + step], 1, np.uint16
            )
    elif predictor != 1:
        raise Unreadable(f"a TIFF of predictor {predictor}")
    return pixels


def _with_directory(content, prefix, entries):
    """The file with `entries` (dict tag -> whole number or several) as its only directory."""
    order = "<" if prefix == b"II" else ">"
    start = len(content) + len(content) % 2
    table = struct.pack(order + "H", len(entries))
    behind, place = b"", start + 2 + 12 * len(entries) + 4
    for tag, values in sorted(entries.items()):
        values = values if isinstance(values, tuple) else (values,)
        packed = struct.pack(f"{order}{len(values)}L", *values)
        if len(values) > 1:
            behind, packed = behind + packed, struct.pack(order + "L", place + len(behind))
        table += struct.pack(order + "HHL", tag, LONG, len(values)) + packed
    header = prefix + struct.pack(order + "HL", 42, start)
    body = content[8:] + b"\0" * (len(content) % 2)
    return header + body + table + struct.pack(order + "L", 0) + behind


def _opacity(pixels, extra):
    """Drops a fourth channel that isn't opacity; divides colours that are multiplied by opacity."""
    if pixels.shape[-1] == 3:
        return pixels
    if extra and extra[0] == 0:
        return pixels[..., :3]
    if extra and extra[0] == 1:
        opacity = np.maximum(pixels[..., 3:], 1).astype(np.float64)
        colours = np.minimum(np.rint(pixels[..., :3] * (65535 / opacity)), 65535)
        return np.concatenate([colours.astype(np.uint16), pixels[..., 3:]], -1)
    return pixels
