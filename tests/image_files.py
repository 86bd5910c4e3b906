"""Image files of all kinds for the tests of folders, and what reads them back."""

import struct
import zlib

import numpy as np
from PIL import Image

from keras_vae._compat import tf
from keras_vae.data.folder import reading
from keras_vae.seeds import Site, derive

RNG = np.random.default_rng(0)


def random(*shape, dtype=np.uint8, high=None):
    """Whole numbers, by default all that the dtype has."""
    return RNG.integers(0, high or np.iinfo(dtype).max + 1, shape, dtype=dtype)


def png16(path, pixels):
    """Written by TensorFlow: Pillow writes no colours of 16 bits."""
    path.write_bytes(tf.io.encode_png(pixels.astype(np.uint16)).numpy())


def read(folder, **options):
    """All images, in the order of their files' names if each file is one image; and the notes."""
    options = {"resize": "crop", "alpha_background": "white", **options}
    found, notes, _ = reading.read(str(folder), options.pop("image_size", None), 0, 4, **options)
    notes = [note for note in notes if "white; grey_levels" not in note]  # of the values
    images, num_files = found["train"].array, len(list(folder.iterdir()))
    if len(images) == num_files:
        order = tf.random.experimental.stateless_shuffle(tf.range(num_files), derive(0, Site.SPLIT))
        images = images[np.argsort(order)]
    return images, notes


def over(colours, opacity, ground, white=255):
    """The formula of compositing, rounded."""
    a = opacity[..., np.newaxis] / white
    return np.rint(colours * a + np.array(ground) * (1 - a))


def near(read, expected):
    """Equal but for the rounding of halves."""
    assert read.shape == expected.shape
    assert np.abs(read.astype(np.int64) - expected).max() <= 1
    assert np.mean(read != expected) < 0.01


def with_chunk(content, name, data):
    """A PNG with one more chunk before its pixels."""
    chunk = struct.pack(">I", len(data)) + name + data
    chunk += struct.pack(">I", zlib.crc32(name + data))
    return content[:33] + chunk + content[33:]


def tiff(
    pixels,
    *,
    order="<",
    planar=1,
    rows=None,
    tile=None,
    compress=False,
    predictor=1,
    extra=(),
    position=1,
):
    """A TIFF of colours of 16 bits, built by hand from the specification."""
    height, width, samples = pixels.shape

    def encoded(part):  # [h, w, c]
        part = part.astype(np.uint16)
        if predictor == 2:
            part = np.concatenate([part[:, :1], np.diff(part, axis=1)], 1)
        content = part.astype(order + "u2").tobytes()
        return zlib.compress(content) if compress else content

    planes = [pixels] if planar == 1 else [pixels[..., k : k + 1] for k in range(samples)]
    if tile:
        down, across = -(-height // tile) * tile, -(-width // tile) * tile
        planes = [np.pad(p, [(0, down - height), (0, across - width), (0, 0)]) for p in planes]
        parts = [
            encoded(p[y : y + tile, x : x + tile])
            for p in planes
            for y in range(0, down, tile)
            for x in range(0, across, tile)
        ]
    else:
        rows = rows or height
        parts = [encoded(p[y : y + rows]) for p in planes for y in range(0, height, rows)]
    body, offsets = b"", []
    for part in parts:
        offsets.append(8 + len(body))
        body += part
    tags = {
        256: [width],
        257: [height],
        258: [16] * samples,
        259: [8 if compress else 1],
        262: [2],
        274: [position],
        277: [samples],
        284: [planar],
        317: [predictor],
    }
    sizes = [len(part) for part in parts]
    if tile:
        tags |= {322: [tile], 323: [tile], 324: offsets, 325: sizes}
    else:
        tags |= {273: offsets, 278: [rows], 279: sizes}
    if extra:
        tags[338] = list(extra)
    short = {258, 259, 262, 274, 277, 284, 317, 338}
    start = 8 + len(body)
    behind, place = b"", start + 2 + 12 * len(tags) + 4
    table = struct.pack(order + "H", len(tags))
    for tag, values in sorted(tags.items()):
        letter, kind = ("H", 3) if tag in short else ("L", 4)
        data = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(data) > 4:
            behind, data = behind + data, struct.pack(order + "L", place + len(behind))
        table += struct.pack(order + "HHL", tag, kind, len(values)) + data.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    header = mark + struct.pack(order + "L", start)
    return header + body + table + struct.pack(order + "L", 0) + behind


def write_frames(path, frames):
    """An animation or a file of several pages, which loses nothing."""
    images = [Image.fromarray(frame) for frame in frames]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    images[0].save(path, save_all=True, append_images=images[1:], **options)
