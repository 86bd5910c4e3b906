"""Sizes of the same images in general formats, beside those that the formats' libraries give."""

import bz2
import gzip
import io

import numpy as np
import pytest
from PIL import Image

from keras_vae.compression import Size, rival_sizes, rivals

RNG = np.random.default_rng(0)


def test_black_and_white_is_packed_for_gzip_and_bz2():
    x = RNG.integers(0, 2, (50, 8, 8, 1))
    found = rival_sizes(x, 2)
    packed = np.packbits(x.astype(bool)).tobytes()
    assert len(packed) == 50 * 8
    assert found["gzip"] == Size(len(gzip.compress(packed, 9)), "bits")
    assert found["bz2"] == Size(len(bz2.compress(packed, 9)), "bits")
    # Noise can't be compressed: no less than a bit for each pixel, nor, in one picture, much more.
    assert all(400 <= size.num_bytes < 700 for size in found.values())


def test_what_repeats_is_better_not_packed():
    """The best form counts, whichever it is."""
    assert rival_sizes(np.zeros((1000, 7, 5, 1)), 2)["gzip"].num_bytes < 100


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_256_levels(channels):
    x = RNG.integers(0, 256, (3, 20, 30, channels), np.uint8)
    found = rival_sizes(x, 256)
    sizes = {name: 0 for name in ("PNG", "WebP")}
    for picture in x:
        image = Image.fromarray(picture.squeeze())
        for name, options in (("PNG", {}), ("WebP", {"lossless": True, "exact": True})):
            file = io.BytesIO()
            image.save(file, name, **options)
            sizes[name] += len(file.getvalue())
            np.testing.assert_array_equal(Image.open(file).convert(image.mode), picture.squeeze())
    for name, size in sizes.items():
        assert 0.9 * x.size < found[name].num_bytes <= 1.01 * size


def test_all_layouts_hold_all_images():
    x = RNG.integers(0, 256, (5, 4, 3, 1), np.uint8)
    layouts = rivals._layouts(x)
    assert len(layouts) == 3
    column, square = (layouts[f"one picture, a {form}"][0] for form in ("column", "square"))
    assert column.shape == (20, 3, 1)
    assert square.shape == (12, 9, 1)
    for i in range(5):
        row, place = divmod(i, 3)
        np.testing.assert_array_equal(layouts["a picture each"][i], x[i])
        np.testing.assert_array_equal(column[4 * i : 4 * i + 4], x[i])
        np.testing.assert_array_equal(square[4 * row :, 3 * place :][:4, :3], x[i])


def test_of_two_levels_png_takes_one_bit_a_pixel():
    picture = RNG.integers(0, 2, (64, 64, 1)).astype(np.uint8)
    assert 512 <= rivals._png(picture, 2) < 700
    assert rivals._png(picture, 256) > 512


def test_what_a_format_can_not_hold_it_has_no_size_of():
    found = rival_sizes(RNG.integers(0, 5, (3, 4, 4, 2)), 5)
    assert found["PNG"] is None
    assert found["WebP"] is None
    assert found["gzip"].num_bytes > 0
    assert set(rival_sizes(np.zeros((3, 4, 4, 1)), 1000).values()) == {None}
