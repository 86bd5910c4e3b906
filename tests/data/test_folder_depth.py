"""Files of more than 8 bits a channel, and of 1."""

import struct

import numpy as np
import pytest
from PIL import Image

from keras_vae.data import load
from tests.image_files import (
    RNG,
    near,
    over,
    png16,
    random,
    read,
    tiff,
    with_chunk,
)


def test_grey_of_16_bits_keeps_its_depth(tmp_path):
    grey = random(6, 5, 6, dtype=np.uint16)
    for i in (0, 1):
        Image.fromarray(grey[i]).save(tmp_path / f"{i}.png")
    Image.fromarray(grey[2]).save(tmp_path / "2.tif")
    Image.fromarray(grey[3]).save(tmp_path / "3.tif", compression="tiff_lzw")
    Image.fromarray(grey[4]).save(tmp_path / "4.tif", big_tiff=True)
    (tmp_path / "5.pgm").write_bytes(b"P5 6 5 65535\n" + grey[5].astype(">u2").tobytes())
    images, notes = read(tmp_path)
    assert images.dtype == np.uint16
    np.testing.assert_array_equal(images[..., 0], grey)
    assert notes == []


def test_colours_of_16_bits_keep_their_depth(tmp_path):
    pixels = random(3, 5, 6, 3, dtype=np.uint16, high=1024)
    for i in range(3):
        png16(tmp_path / f"{i}.png", pixels[i])
    data = load(f"folder:{tmp_path}", validation_size=0)
    read_pixels = np.concatenate([data.train.array, data.test.array])
    assert data.train.dtype == np.uint16
    assert data.train.levels == 1024
    assert {x.tobytes() for x in read_pixels} == {x.tobytes() for x in pixels}


def test_opacity_of_16_bits(tmp_path):
    rgba, la = random(5, 6, 4, dtype=np.uint16), random(5, 6, 2, dtype=np.uint16)
    png16(tmp_path / "0.png", rgba)
    png16(tmp_path / "1.png", la)
    ground = (16 * 257, 192 * 257, 65535)
    images, notes = read(tmp_path, alpha_background="10c0ff")
    assert images.dtype == np.uint16
    near(images[0], over(rgba[..., :3], rgba[..., 3], ground, 65535))
    near(images[1], over(np.repeat(la[..., :1], 3, 2), la[..., 1], ground, 65535))
    (tmp_path / "0.png").unlink()
    images, notes = read(tmp_path)
    assert images.shape == (1, 5, 6, 1)
    near(images[0], over(la[..., :1], la[..., 1], [65535], 65535))
    assert "1 image with transparency, on white (alpha_background)" in notes


def test_one_transparent_value_of_16_bits(tmp_path):
    for channels in (1, 3):
        folder = tmp_path / str(channels)
        folder.mkdir()
        pixels = random(5, 6, channels, dtype=np.uint16)
        png16(folder / "0.png", pixels)
        clear = struct.pack(f">{channels}H", *pixels[2, 3])
        (folder / "0.png").write_bytes(with_chunk((folder / "0.png").read_bytes(), b"tRNS", clear))
        images, _ = read(folder, alpha_background="black")
        expected = pixels.copy()
        expected[(pixels == pixels[2, 3]).all(-1)] = 0
        np.testing.assert_array_equal(images[0], expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rows": 7},
        {"rows": 7, "planar": 2},
        {"rows": 7, "compress": True},
        {"rows": 7, "compress": True, "predictor": 2},
        {"tile": 16},
        {"tile": 16, "compress": True, "predictor": 2},
        {"tile": 16, "compress": True, "planar": 2, "predictor": 2},
    ],
    ids=str,
)
def test_tiff_colours_of_16_bits(tmp_path, order, how):
    pixels = random(2, 20, 37, 3, dtype=np.uint16)
    for i in range(2):
        (tmp_path / f"{i}.tif").write_bytes(tiff(pixels[i], order=order, **how))
        if how != {"rows": 7, "planar": 2}:  # which Pillow mixes up
            with Image.open(tmp_path / f"{i}.tif") as cut:  # So the files are what they should be.
                np.testing.assert_array_equal(cut, pixels[i] >> 8)
    images, notes = read(tmp_path)
    np.testing.assert_array_equal(images, pixels)
    assert notes == []


def test_tiff_opacity_of_16_bits(tmp_path):
    pixels = random(20, 37, 4, dtype=np.uint16)
    for i, extra in enumerate([(2,), (0,)]):  # opacity, and a channel of no meaning
        (tmp_path / f"{i}.tif").write_bytes(tiff(pixels, extra=extra, rows=7))
    multiplied = pixels.astype(np.uint64)
    multiplied[..., :3] = multiplied[..., :3] * multiplied[..., 3:] // 65535
    (tmp_path / "2.tif").write_bytes(tiff(multiplied, extra=(1,), rows=7))
    images, _ = read(tmp_path, alpha_background="black")
    expected = over(pixels[..., :3], pixels[..., 3], (0, 0, 0), 65535)
    near(images[0], expected)
    np.testing.assert_array_equal(images[1], pixels[..., :3])
    assert np.abs(images[2].astype(int) - expected).max() <= 1


def test_floats_and_32_bits_keep_their_numbers(tmp_path):
    floats, whole = RNG.normal(size=(3, 5, 6)).astype(np.float32), random(3, 5, 6, dtype=np.int32)
    for folder, pixels in [("float", floats), ("int", whole)]:
        (tmp_path / folder).mkdir()
        for i in range(3):
            Image.fromarray(pixels[i]).save(tmp_path / folder / f"{i}.tif")
    images, _ = read(tmp_path / "float", values="real")
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[..., 0], floats)
    images, _ = read(tmp_path / "int", values="real")
    np.testing.assert_allclose(images[..., 0], whole, rtol=1e-6)
    floats[0, 1, 2] = np.nan
    Image.fromarray(floats[0]).save(tmp_path / "float" / "nan.tif")
    _, notes = read(tmp_path / "float", values="real")
    assert notes == ["1 file left out, NaN or infinite values: nan.tif"]
    with pytest.raises(ValueError, match=r"several kinds of numbers.*\.tif \(float32\), int/"):
        load(f"folder:{tmp_path}", values="real")


def test_white_is_zero_in_some_tiffs(tmp_path):
    pixels = random(3, 5, 6, dtype=np.uint16)
    for i in range(3):
        Image.fromarray(65535 - pixels[i]).save(tmp_path / f"{i}.tif", tiffinfo={262: 0})
    np.testing.assert_array_equal(read(tmp_path)[0][..., 0], pixels)


def test_8_bits_beside_16_are_brought_up(tmp_path):
    low, high = random(5, 6), random(5, 6, dtype=np.uint16)
    Image.fromarray(low).save(tmp_path / "0.png")
    Image.fromarray(high).save(tmp_path / "1.png")
    images, notes = read(tmp_path)
    np.testing.assert_array_equal(images[0, ..., 0], low * 257.0)
    np.testing.assert_array_equal(images[1, ..., 0], high)
    assert "1 image of 8 bits beside 16: the values are multiplied by 257" in notes


@pytest.mark.parametrize(
    ("high", "options", "levels", "note"),
    [
        (1000, {}, 1024, "which go up to 1000 and are taken as 1024 levels: those of 8 bits are"),
        (5000, {}, 16384, "which go up to 5000 and are taken as 16384 levels"),
        (900, {"grey_levels": 2000}, 2000, "which go up to 900 and are taken as 2000 levels"),
        (200, {}, 256, "which go up to 200: all values are kept, on one scale"),
        (16, {}, 256, "which go up to 16: all values are kept, on one scale"),
        (1000, {"grey_levels": 65536}, 65536, "the values are multiplied by 257"),
        (1000, {"values": "counts"}, 256, "which go up to 1000: all values are kept"),
    ],
)
def test_8_bits_are_brought_to_the_levels_of_deeper_ones(tmp_path, high, options, levels, note):
    """So that neither is dark beside the other."""
    low, deep = random(3, 5, 6), random(3, 5, 6, dtype=np.uint16, high=high + 1)
    low[0, 0, :2], deep[:, 0, 0] = (0, 255), high
    for i in range(3):
        Image.fromarray(low[i]).save(tmp_path / f"{2 * i}.png")
        Image.fromarray(deep[i]).save(tmp_path / f"{2 * i + 1}.png")
    images, notes = read(tmp_path, **options)
    np.testing.assert_array_equal(images[1::2, ..., 0], deep)
    # The nearest of as many levels, in whole numbers alone.
    wanted = [(2 * int(k) * (levels - 1) + 255) // 510 for k in low.flat]
    assert images[::2].ravel().tolist() == wanted
    assert [found for found in notes if "3 images of 8 bits beside 16" in found]
    assert [found for found in notes if note in found]


@pytest.mark.parametrize("kind", ["ppm", "sgi", "jp2"])
def test_depth_that_would_be_cut_is_refused(tmp_path, kind):
    for i in range(3):
        Image.fromarray(random(5, 6)).save(tmp_path / f"{i}.png")
    deep = tmp_path / f"deep.{kind}"
    if kind == "ppm":
        deep.write_bytes(b"P6 6 5 65535\n" + random(5 * 6 * 3 * 2).tobytes())
    elif kind == "sgi":
        Image.fromarray(random(5, 6, 3)).save(deep, bpc=2)
    else:
        Image.fromarray(random(5, 6, 3)).save(deep)
        content = bytearray(deep.read_bytes())
        content[content.index(b"\xff\x4f\xff\x51") + 42] = 15  # 16 bits, as the header says
        deep.write_bytes(content)
    images, notes = read(tmp_path)
    assert len(images) == 3
    assert any("1 file left out, more than 8 bits a channel" in note for note in notes)


def test_one_bit_is_zero_and_one(tmp_path):
    pixels = RNG.random((4, 5, 6)) < 0.5
    for i in range(4):
        Image.fromarray(pixels[i]).save(tmp_path / f"{i}.png")
    images, _ = read(tmp_path)
    assert images.dtype == bool
    np.testing.assert_array_equal(images[..., 0], pixels)
    Image.fromarray(random(5, 6)).save(tmp_path / "4.png")
    images, _ = read(tmp_path)
    np.testing.assert_array_equal(images[:4, ..., 0], pixels * 255)
