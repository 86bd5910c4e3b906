"""The table "Pixels of files" of docs/reference/data.md: what becomes of which file."""

import functools
import io

import numpy as np
from PIL import Image, ImageOps

from keras_vae._compat import tf
from tests.data_page.doors import refused
from tests.data_page.page import row
from tests.image_files import near, over, png16, random, tiff, write_frames

row = functools.partial(row, "Pixels of files")
TALL, WIDE = 6, 5  # pixels


def grey(dtype=np.uint8, high=None):
    return random(TALL, WIDE, dtype=dtype, high=high)


def colours(channels=3):
    return random(TALL, WIDE, channels)


def seen_by_pillow(file):
    """RGB, upright."""
    with Image.open(file) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


@row("8-bit grey, colour, palette, CMYK, YCbCr, LAB, HSV")
def test_eight_bits(doors):
    x = grey()
    doors.put("train/a.png", x)
    np.testing.assert_array_equal(doors.images()["a.png"][..., 0], x)
    exif = Image.Exif()
    exif[0x0112] = 3
    files = {}
    for mode, kind in [("RGB", "bmp"), ("P", "png"), ("CMYK", "jpg"), ("YCbCr", "jpg")]:
        files[f"{mode}.{kind}"] = Image.fromarray(colours()).convert(mode)
    files["LAB.tif"] = Image.fromarray(colours(), "LAB")
    files["HSV.png"] = Image.fromarray(colours(), "HSV").convert("RGB")  # No format holds it.
    files["turned.png"] = Image.fromarray(colours())
    for name, image in files.items():
        image.save(doors.path / "train" / name, exif=exif if name == "turned.png" else b"")
    for name, found in doors.images().items():
        np.testing.assert_array_equal(found, seen_by_pillow(doors.path / "train" / name))


@row("a GIF or palette whose colours are all grey")
def test_grey_palettes(doors):
    x = grey(high=3)
    image = Image.fromarray(x, "P")
    image.putpalette([9, 9, 9, 200, 200, 200, 70, 70, 70])
    (doors.path / "train").mkdir()
    for name in ("a.gif", "b.png"):
        image.save(doors.path / "train" / name)
    for found in doors.images().values():
        np.testing.assert_array_equal(found, np.array([9, 200, 70])[x][..., np.newaxis])


@row("1 bit")
def test_one_bit(doors):
    x = random(TALL, WIDE) > 127
    doors.put("train/a.png", x)
    found = doors.images()["a.png"]
    assert found.dtype == bool
    np.testing.assert_array_equal(found[..., 0], x)


@row("transparency (RGBA, LA, palettes with a transparent colour)")
def test_transparency(doors):
    with_alpha, of_grey = colours(4), colours(2)
    palette = Image.fromarray(grey(high=3), "P")
    palette.putpalette([9, 8, 7, 200, 100, 0, 70, 80, 90])
    doors.put("train/rgba.png", with_alpha)
    doors.put("train/la.png", of_grey)
    palette.save(doors.path / "train" / "p.png", transparency=1)
    table = np.array([[9, 8, 7], [200, 100, 0], [70, 80, 90]])
    pixels = np.asarray(palette)
    for name, ground in [
        ("white", (255, 255, 255)),
        ("black", (0, 0, 0)),
        ("ff8000", (255, 128, 0)),
    ]:
        found = doors.images(alpha_background=name)
        near(found["rgba.png"], over(with_alpha[..., :3], with_alpha[..., 3], ground))
        near(found["la.png"], over(of_grey[..., :1].repeat(3, -1), of_grey[..., 1], ground))
        near(found["p.png"], np.where((pixels == 1)[..., np.newaxis], ground, table[pixels]))


@row("drawings in alpha alone, whose colour is the ground's own everywhere")
def test_drawings_in_alpha(doors):
    alpha = grey()
    for ground, colour in [("white", 255), ("black", 0)]:
        drawn = np.dstack([np.full((TALL, WIDE, 3), colour, np.uint8), alpha])
        doors.put("train/a.png", drawn)
        found = doors.images(alpha_background=ground)["a.png"]
        wanted = alpha if colour else 255 - alpha
        near(found, wanted[..., np.newaxis].repeat(3, -1))
        assert f"on {'black' if colour else 'white'}: drawn in {ground} alone" in doors.notes


@row("images of a TFDS set, of 2 or 4 channels")
def test_transparency_of_tfds(doors):
    import tensorflow_datasets as tfds

    for channels, ground in [(2, 255), (4, 255), (4, 0)]:
        x = random(8, TALL, WIDE, channels)
        x[:4, ..., :-1] = ground  # drawn in alpha alone
        tfds.dataset_builders.store_as_tfds_dataset(
            f"of{channels}on{ground}",
            version="1.0.0",
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=x.shape[1:], dtype=np.uint8)}
            ),
            split_datasets={
                split: tf.data.Dataset.from_tensor_slices({"image": x})
                for split in ("train", "test")
            },
            data_dir=str(doors.path),
        )
        found = doors.load(
            f"of{channels}on{ground}",
            data_dir=str(doors.path),
            validation_size=0,
            alpha_background="white" if ground else "black",
        ).train.array
        behind = np.where(np.arange(8) < 4, 255 - ground, ground)
        wanted = [
            over(image[..., :-1], image[..., -1], [g]) for image, g in zip(x, behind, strict=True)
        ]
        by_sum = sorted(found.astype(int), key=np.sum), sorted(wanted, key=np.sum)
        near(*map(np.array, by_sum))
        assert f"would vanish, on {'black' if ground else 'white'}" in doors.notes


@row("16-bit grey PNG and TIFF")
def test_grey_of_16_bits(doors):
    for high, levels in [(1024, 1024), (65536, 65536)]:
        x = grey(np.uint16, high)
        x[0, 0] = high - 1
        for kind in ("png", "tif"):
            file = doors.put(f"train/a.{kind}", x)
            found = doors.images()[file.name]
            assert found.dtype == np.uint16
            np.testing.assert_array_equal(found[..., 0], x)
            assert f"taken as {levels} levels" in doors.notes
            file.unlink()


@row("16-bit colour PNG and TIFF, with transparency too")
def test_colours_of_16_bits(doors):
    x = random(TALL, WIDE, 3, dtype=np.uint16)
    (doors.path / "train").mkdir()
    png16(doors.path / "train" / "a.png", x)
    (doors.path / "train" / "b.tif").write_bytes(tiff(x))
    for found in doors.images().values():
        np.testing.assert_array_equal(found, x)
    clear = random(TALL, WIDE, 4, dtype=np.uint16)
    png16(doors.path / "train" / "a.png", clear)
    white = 65535
    near(
        doors.images()["a.png"],
        over(clear[..., :3].astype(float), clear[..., 3], (white,) * 3, white),
    )


@row("more than 8 bits in a format of which only 8 can be read, as JPEG 2000")
def test_depth_that_pillow_cuts(doors):
    doors.put("train/a.png", colours())
    header = f"P6 {WIDE} {TALL} 1023\n".encode()
    pixels = random(TALL, WIDE, 3, dtype=np.uint16, high=1024).astype(">u2")
    (doors.path / "train" / "deep.ppm").write_bytes(header + pixels.tobytes())
    doors.images(left_out=["deep.ppm"])
    assert "more than 8 bits a channel" in doors.notes
    assert "save it as PNG or TIFF: " in doors.notes
    # The header of a JPEG 2000 says how many bits there are.
    stream = io.BytesIO()
    Image.fromarray(colours()).save(stream, "JPEG2000", no_jp2=True)
    content = bytearray(stream.getvalue())
    content[42] = 11  # 12 bits
    (doors.path / "train" / "deep.j2k").write_bytes(content)
    doors.images(left_out=["deep.ppm", "deep.j2k"])
    assert "deep.j2k" in doors.notes


@row("float TIFF")
def test_floats(doors):
    x = random(TALL, WIDE).astype(np.float32) / 255
    doors.put("train/a.tif", x)
    np.testing.assert_array_equal(doors.images()["a.tif"][..., 0], x)
    for bad in (np.nan, np.inf):
        spoilt = x.copy()
        spoilt[2, 3] = bad
        doors.put("train/bad.tif", spoilt)
        found = doors.images(left_out=["bad.tif"])
        np.testing.assert_array_equal(found["a.tif"][..., 0], x)
        assert "NaN or infinite values: " in doors.notes
    doors.put("train/bad.tif", 255 * x)
    refused(doors.images, "[0, 1]", "Write x / 255")


@row("TIFF of 32-bit whole numbers")
def test_numbers_of_32_bits(doors):
    x = random(TALL, WIDE, dtype=np.int32)
    x[0, 0] = -7
    doors.put("train/a.tif", x)
    found = doors.images(values="real")["a.tif"][..., 0]
    np.testing.assert_array_equal(found, x.astype(np.float32))
    refused(doors.images, "whole numbers from 0 to 65535", "likelihood=normal")
    for x in (random(TALL, WIDE, dtype=np.int32, high=1024), (grey() > 127).astype(np.int32)):
        doors.put("train/a.tif", x)
        np.testing.assert_array_equal(doors.images()["a.tif"][..., 0], x)


@row("8-bit and 16-bit files together")
def test_8_and_16_bits(doors):
    shallow, deep = grey(), grey(np.uint16)
    doors.put("train/a.png", shallow)
    doors.put("train/b.png", deep)
    found = doors.images()
    np.testing.assert_array_equal(found["a.png"][..., 0], shallow.astype(int) * 257)
    np.testing.assert_array_equal(found["b.png"][..., 0], deep)
    assert "of 8 bits beside 16: the values are multiplied by 257" in doors.notes
    for high, levels in [(1000, 1024), (255, 256)]:
        deep = grey(np.uint16, high + 1)
        deep[0, 0], shallow[0, 0] = high, 255
        doors.put("train/a.png", shallow)
        doors.put("train/b.png", deep)
        found = doors.images()
        scaled = shallow.astype(int) * (levels - 1) / 255
        np.testing.assert_allclose(found["a.png"][..., 0], scaled, atol=0.5)
        np.testing.assert_array_equal(found["b.png"][..., 0], deep)
        assert f"of 8 bits beside 16, which go up to {high}" in doors.notes


@row("floats or 32-bit numbers beside others")
def test_kinds_without_a_common_scale(doors):
    doors.put("train/a.png", grey())
    for x in (grey().astype(np.float32) / 255, grey().astype(np.int32)):
        doors.put("train/b.tif", x)
        refused(doors.images, "several kinds of numbers", "a.png", "b.tif", "Give files of one")


@row("more than 8 bits, in a folder that is streamed")
def test_depth_of_a_streamed_folder(doors):
    for i in range(9):
        doors.put(f"train/{i}.png", grey(np.uint16))
    refused(lambda: doors.images(memory_limit_gb=1e-7), "memory_limit_gb", "Raise")


@row("animations, several pages")
def test_frames(doors):
    frames = random(3, TALL, WIDE)
    for kind in ("gif", "tif", "webp"):
        x = frames if kind != "webp" else frames[..., np.newaxis].repeat(3, -1)
        (doors.path / "train").mkdir(exist_ok=True)
        file = doors.path / "train" / f"a.{kind}"
        write_frames(file, x)
        np.testing.assert_array_equal(doors.images()[file.name].squeeze(), x[0])
        assert "1 file with several" not in doors.notes  # For test/ has its copy.
        assert "2 files with several frames or pages: the first" in doors.notes
        found = doors.load(f"folder:{doors.path}", frames="all", validation_size=0).train.array
        assert {i.tobytes() for i in found} == {i.tobytes() for i in x}
        file.unlink()


@row("more pixels than `--max_pixels` (by default Pillow's limit, 178,956,970)")
def test_large_files(doors):
    doors.put("train/a.png", grey())
    doors.put("train/large.png", random(2 * TALL, WIDE))
    doors.images(left_out=["large.png"], max_pixels=TALL * WIDE)
    assert "larger than max_pixels=30: " in doors.notes
    Image.new("1", (13_500, 13_500)).save(doors.path / "train" / "large.png")
    doors.images(left_out=["large.png"])
    assert "larger than Pillow's limit of 178,956,970 pixels: raise max_pixels" in doors.notes


@row("images of which one alone, decoded, is larger than `--memory_limit_gb`")
def test_images_larger_than_the_memory(doors):
    doors.put("train/0.png", random(4, 4))
    refused(lambda: doors.images(image_size=100_000), "100000x100000", "10 GB", "image_size")


@row("many sizes")
def test_many_sizes(doors):
    small, wide = random(8, 8, 3), random(6, 14, 3)
    doors.put("train/a.png", small)
    doors.put("train/b.png", wide)
    image = Image.fromarray(wide)
    found = doors.images()
    cut = ImageOps.fit(image, (64, 64), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(found["b.png"], cut)
    assert "2 sizes, from 6x14 to 8x8" in doors.notes
    padded = np.zeros((8, 8, 3), np.uint8)
    padded[2:5] = image.resize((8, 3), Image.Resampling.BICUBIC)
    for how, wanted in [
        ("crop", ImageOps.fit(image, (8, 8), Image.Resampling.BICUBIC)),
        ("pad", padded),
        ("stretch", image.resize((8, 8), Image.Resampling.BICUBIC)),
    ]:
        found = doors.images(image_size=8, resize=how)
        np.testing.assert_array_equal(found["a.png"], small)
        np.testing.assert_array_equal(found["b.png"], wanted)


@row("a crop that leaves one colour alone")
def test_crops_to_one_colour(doors):
    banner = np.zeros((4, 40), np.uint8)
    banner[:, :8] = 200
    doors.put("train/a.png", banner)
    crop = {"image_size": 4}
    refused(lambda: doors.images(**crop), "image_size=4 with resize=crop", "resize=pad")
    assert doors.images(**crop, resize="stretch")["a.png"].max() > 0
    doors.put("train/b.png", random(4, 40))
    doors.images(**crop)
    assert "of one colour alone after the crop" in doors.notes
