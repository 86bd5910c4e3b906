"""Colours, positions, frames and sizes of files, against independent oracles."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_vae._compat import tf
from keras_vae.data import load
from tests.image_files import (
    png16,
    random,
    read,
    tiff,
    with_chunk,
    write_frames,
)


def test_grey_palettes_are_grey(tmp_path):
    pixels = random(4, 5, 6, high=3)
    for i, name in enumerate(["0.gif", "1.png", "2.bmp", "3.png"]):
        image = Image.fromarray(pixels[i], "P")
        # An entry that no pixel has may be of any colour.
        image.putpalette([9, 9, 9, 200, 200, 200, 70, 70, 70] + [1, 2, 3] * (i == 3))
        image.save(tmp_path / name)
    images, _ = read(tmp_path)
    assert images.shape == (4, 5, 6, 1)
    np.testing.assert_array_equal(images[..., 0], np.array([9, 200, 70])[pixels])
    image.putpalette([9, 9, 9, 200, 200, 200, 70, 70, 71])
    image.save(tmp_path / "3.png")
    assert read(tmp_path)[0].shape == (4, 5, 6, 3)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "HSV"])
def test_other_colours_are_as_pillow_has_them(tmp_path, mode):
    expected = []
    for i in range(3):
        image = Image.fromarray(random(4, 5, 4 if mode == "CMYK" else 3), mode)
        kind = "jpg" if mode in ("CMYK", "YCbCr") else "tif"
        if mode == "HSV":  # no format holds it
            image = image.convert("RGB")
        image.save(tmp_path / f"{i}.{kind}")
        expected.append(np.asarray(Image.open(tmp_path / f"{i}.{kind}").convert("RGB")))
    np.testing.assert_array_equal(read(tmp_path)[0], expected)


UPRIGHT = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: np.rot90(x, 2),
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("position", UPRIGHT)
@pytest.mark.parametrize("kind", ["8.png", "8.jpg", "8.tif", "8lzw.tif", "16.png", "16.tif"])
def test_every_position_of_exif(tmp_path, position, kind):
    pixels = random(5, 6, dtype=np.uint16 if kind.startswith("16") else np.uint8)
    exif = Image.Exif()
    exif[0x0112] = position
    options = {"compression": "tiff_lzw"} if "lzw" in kind else {}
    file = tmp_path / f"0{kind[-4:]}"
    Image.fromarray(pixels).save(file, exif=exif, **options)
    if kind.endswith("jpg"):  # which loses something
        with Image.open(file) as image:
            pixels = np.asarray(image)
            turned = np.asarray(ImageOps.exif_transpose(image))
        np.testing.assert_array_equal(UPRIGHT[position](pixels), turned)
    np.testing.assert_array_equal(read(tmp_path)[0][0, ..., 0], UPRIGHT[position](pixels))


@pytest.mark.parametrize("position", UPRIGHT)
def test_every_position_of_colours_of_16_bits(tmp_path, position):
    pixels = random(5, 6, 3, dtype=np.uint16)
    entry = struct.pack(">HHLHH", 0x0112, 3, 1, position, 0)
    exif = b"MM" + struct.pack(">HLH", 42, 8, 1) + entry + struct.pack(">L", 0)
    content = tf.io.encode_png(pixels).numpy()
    (tmp_path / "0.png").write_bytes(with_chunk(content, b"eXIf", exif))
    (tmp_path / "1.tif").write_bytes(tiff(pixels, position=position))
    images, _ = read(tmp_path)
    np.testing.assert_array_equal(images, [UPRIGHT[position](pixels)] * 2)


@pytest.mark.parametrize("kind", ["png", "webp", "tif", "gif"])
def test_frames(tmp_path, kind):
    pixels = random(3, 4, 5, 6, 3) if kind != "gif" else random(3, 4, 5, 6)
    for i in range(3):
        write_frames(tmp_path / f"{i}.{kind}", pixels[i])
    images, notes = read(tmp_path)
    assert (
        "3 files with several frames or pages: the first is the image (frames=all takes all)"
    ) in notes
    np.testing.assert_array_equal(images.squeeze(), pixels[:, 0])
    images, notes = read(tmp_path, frames="all")
    assert {x.tobytes() for x in images} == {
        x.tobytes() for x in pixels.reshape(12, *pixels.shape[2:])
    }
    assert any("3 files with several frames or pages: 12 images" in note for note in notes)


def test_pages_of_many_sizes(tmp_path):
    pages = [Image.fromarray(random(5, 6)), Image.fromarray(random(7, 9)).resize((9, 7))]
    pages[0].save(tmp_path / "0.tif", save_all=True, append_images=pages[1:])
    assert read(tmp_path)[0].shape == (1, 5, 6, 1)
    images, notes = read(tmp_path, frames="all")
    assert images.shape == (2, 64, 64, 1)
    assert any("2 sizes, from 5x6 to 7x9 (height x width)" in note for note in notes)
    assert read(tmp_path, frames="all", image_size=4)[0].shape == (2, 4, 4, 1)


def test_all_frames_are_streamed(tmp_path):
    pixels = random(4, 3, 5, 6)
    for name in "ab":
        (tmp_path / name).mkdir()
    for i in range(4):
        write_frames(tmp_path / "ab"[i % 2] / f"{i}.tif", pixels[i])
    data = load(f"folder:{tmp_path}", frames="all", memory_limit_gb=300e-9)
    assert len(data.train.chunk_sizes) > 3
    splits = [data.train, data.validation, data.test]
    found = np.concatenate([s.array for s in splits])
    assert sorted(x.tobytes() for x in found) == sorted(
        x.tobytes() for x in pixels.reshape(12, 5, 6)
    )
    of_b = {x.tobytes() for x in pixels[1::2].reshape(6, 5, 6)}
    labels = np.concatenate([s.labels for s in splits])
    assert [x.tobytes() in of_b for x in found] == labels.astype(bool).tolist()


def test_ways_to_one_size(tmp_path):
    wide = random(6, 14, 3)
    Image.fromarray(wide).save(tmp_path / "0.png")
    image = Image.fromarray(wide)
    crop = ImageOps.fit(image, (8, 8), Image.Resampling.BICUBIC)
    stretch = image.resize((8, 8), Image.Resampling.BICUBIC)
    pad = np.zeros((8, 8, 3), np.uint8)
    pad[2:5] = image.resize((8, 3), Image.Resampling.BICUBIC)
    for resize, expected in [("crop", crop), ("pad", pad), ("stretch", stretch)]:
        images, _ = read(tmp_path, image_size=8, resize=resize)
        np.testing.assert_array_equal(images[0], expected)
    Image.fromarray(random(1, 400)).save(tmp_path / "0.png")
    assert read(tmp_path, image_size=8, resize="pad")[0][0, 3:4].any()


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_deep_images_are_resized_as_8_bits_are(tmp_path, resize):
    pixels = random(9, 14, 3).astype(int)
    (tmp_path / "8").mkdir()
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "8" / "0.png")
    shallow, _ = read(tmp_path / "8", image_size=6, resize=resize)
    (tmp_path / "16").mkdir()
    png16(tmp_path / "16" / "0.png", pixels * 257)
    deep, _ = read(tmp_path / "16", image_size=6, resize=resize)
    assert deep.dtype == np.uint16
    assert deep.max() <= pixels.max() * 257
    clipped = np.clip(shallow.astype(int), *((0, 255) if resize == "pad" else (pixels.min(), 255)))
    assert np.abs(deep / 257 - clipped).max() <= 2  # Pillow rounds bytes between its two passes


def test_a_crop_to_one_colour_is_called_that(tmp_path):
    for i in range(20):
        pixels = np.zeros((20, 400), np.uint8)
        pixels[:, :50] = random(20, 50)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    with pytest.raises(ValueError, match=r"image_size=16 with resize=crop leaves one colour alone"):
        load(f"folder:{tmp_path}", image_size=16)
    assert load(f"folder:{tmp_path}", image_size=16, resize="pad").train.array.any()
    Image.fromarray(random(20, 400)).save(tmp_path / "20.png")
    data = load(f"folder:{tmp_path}", image_size=16, seed=1)
    assert any("20 images of one colour alone after the crop" in note for note in data.notes)


def test_stored_configs_read_the_pixels_of_then(tmp_path):
    """What alpha_background="ignore" stands for: transparency and depth were cut."""
    rgba = random(2, 5, 6, 4)
    Image.fromarray(rgba[0], "RGBA").save(tmp_path / "0.png")
    png16(tmp_path / "1.png", rgba[1, ..., :3] * np.uint16(257))
    write_frames(tmp_path / "2.gif", random(3, 5, 6))
    images, notes = read(tmp_path, alpha_background="ignore")
    for i, name in enumerate(["0.png", "1.png", "2.gif"]):
        with Image.open(tmp_path / name) as then:
            np.testing.assert_array_equal(images[i], then.convert("RGB"))
    assert notes == []
    Image.fromarray(random(5, 6, dtype=np.uint16)).save(tmp_path / "3.png")
    assert len(read(tmp_path, alpha_background="ignore")[0]) == 3
