"""What becomes of the pixels of each kind of file, against independent oracles."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_vae._compat import tf
from keras_vae.data import load
from keras_vae.data.folder import opening, reading
from keras_vae.seeds import Site, derive

RNG = np.random.default_rng(0)


def random(*shape, dtype=np.uint8, high=None):
    return RNG.integers(0, high or np.iinfo(dtype).max + 1, shape, dtype=dtype)


def png16(path, pixels):
    """Written by TensorFlow: Pillow writes no colours of 16 bits."""
    path.write_bytes(tf.io.encode_png(pixels.astype(np.uint16)).numpy())


def read(folder, **options):
    """All images, in the order of their files' names if each file is one image; and the notes."""
    options = {"resize": "crop", "alpha_background": "white", **options}
    found, notes = reading.read(str(folder), options.pop("image_size", None), 0, 4, **options)
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


# --- Transparency


@pytest.mark.parametrize(
    ("background", "ground"),
    [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("10c0FF", (16, 192, 255))],
)
def test_transparency_is_composited(tmp_path, background, ground):
    rgba, la = random(5, 6, 4), random(5, 6, 2)
    Image.fromarray(rgba, "RGBA").save(tmp_path / "0.png")
    Image.fromarray(la, "LA").save(tmp_path / "1.png")
    palette = Image.fromarray(random(5, 6, high=4), "P")
    palette.putpalette(bytes(random(12)))
    palette.save(tmp_path / "2.png", transparency=bytes([0, 80, 255, 255]))
    palette.save(tmp_path / "3.gif", transparency=1)
    rgb = random(5, 6, 3)
    Image.fromarray(rgb).save(tmp_path / "4.png", transparency=tuple(map(int, rgb[2, 3])))
    images, notes = read(tmp_path, alpha_background=background)
    near(images[0], over(rgba[..., :3], rgba[..., 3], ground))
    near(images[1], over(np.repeat(la[..., :1], 3, 2), la[..., 1], ground))
    for image, name in [(images[2], "2.png"), (images[3], "3.gif")]:
        with Image.open(tmp_path / name) as opened:
            whole = np.asarray(opened.convert("RGBA"))
        near(image, over(whole[..., :3], whole[..., 3], ground))
    clear = (rgb == rgb[2, 3]).all(-1)
    np.testing.assert_array_equal(images[4], np.where(clear[..., None], ground, rgb))
    name = background.lower()
    assert f"5 images with transparency, on {name} (--alpha_background)" in notes


def test_what_transparency_hides_doesnt_matter(tmp_path):
    """Three folders that look the same."""
    shape = RNG.random((8, 8)) < 0.5
    seen = []
    for hidden in (0, 77, 255):
        folder = tmp_path / str(hidden)
        folder.mkdir()
        for i in range(3):
            pixels = np.full((8, 8, 4), 255, np.uint8)
            pixels[..., :3] = 100 + i
            pixels[shape] = (hidden, hidden, hidden, 0)
            Image.fromarray(pixels, "RGBA").save(folder / f"{i}.png")
        seen.append(read(folder)[0])
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])
    np.testing.assert_array_equal(seen[0][1, ..., 0], np.where(shape, 255, 101))


def test_opaque_images_have_no_note_and_stay_grey(tmp_path):
    grey = random(3, 5, 6)
    for i, image in enumerate(grey):
        opaque = np.stack([image, np.full_like(image, 255)], -1)
        Image.fromarray(opaque, "LA").save(tmp_path / f"{i}.png")
    images, notes = read(tmp_path)
    np.testing.assert_array_equal(images[..., 0], grey)
    assert notes == []


@pytest.mark.parametrize(("background", "drawn"), [("white", 255), ("black", 0)])
def test_drawings_in_opacity_alone_are_on_the_other_ground(tmp_path, background, drawn):
    opacity = random(4, 5, 6)
    for i in range(4):
        pixels = np.full((5, 6, 4), drawn, np.uint8)
        pixels[..., 3] = opacity[i]
        if i == 3:
            pixels[0, 0] = (9, 9, 9, 255)  # something that the ground shows
            opacity[3, 0, 0] = 255
        Image.fromarray(pixels, "RGBA").save(tmp_path / f"{i}.png")
    images, notes = read(tmp_path, alpha_background=background)
    other = 255 - drawn
    for image, a in zip(images[:3], opacity, strict=False):
        near(image, over(np.full((5, 6, 3), drawn), a, [other] * 3))
    assert images[3, 0, 0].tolist() == [9, 9, 9]
    assert (images[3].reshape(-1, 3)[1:] == drawn).all()
    names = ("black", "white") if background == "black" else ("white", "black")
    assert (
        f"4 images with transparency, on {names[0]}, but 3 on {names[1]}: drawn in {names[0]} "
        "alone, they would vanish (--alpha_background)"
    ) in notes


@pytest.mark.parametrize("background", ["purple", "#ffffff", "fff", "12345g", ""])
def test_a_bad_background_is_named(tmp_path, background):
    with pytest.raises(ValueError, match="alpha_background must be white, black or") as caught:
        load(f"folder:{tmp_path}/missing", alpha_background=background)
    assert "\n" not in str(caught.value)


# --- More than 8 bits


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
    assert "1 image with transparency, on white (--alpha_background)" in notes


def with_chunk(content, name, data):
    """A PNG with one more chunk before its pixels."""
    chunk = struct.pack(">I", len(data)) + name + data
    chunk += struct.pack(">I", zlib.crc32(name + data))
    return content[:33] + chunk + content[33:]


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


# --- Colours and positions


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


# --- Several frames


def write_frames(path, frames):
    images = [Image.fromarray(frame) for frame in frames]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    images[0].save(path, save_all=True, append_images=images[1:], **options)


@pytest.mark.parametrize("kind", ["png", "webp", "tif", "gif"])
def test_frames(tmp_path, kind):
    pixels = random(3, 4, 5, 6, 3) if kind != "gif" else random(3, 4, 5, 6)
    for i in range(3):
        write_frames(tmp_path / f"{i}.{kind}", pixels[i])
    images, notes = read(tmp_path)
    assert (
        "3 files with several frames or pages: the first is the image (--frames=all takes all)"
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
    with pytest.raises(ValueError, match="2 sizes, from 5x6 to 7x9"):
        read(tmp_path, frames="all")
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


# --- Sizes


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


# --- As it was


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


# --- Limits


def test_large_scans_are_told_rightly(tmp_path):
    for i in range(20):
        Image.fromarray(random(5, 5)).save(tmp_path / f"{i:02}.png")
    Image.new("1", (13_500, 13_500)).save(tmp_path / "scan.png")
    notes = load(f"folder:{tmp_path}").notes
    reason = "larger than Pillow's limit of 178,956,970 pixels: raise --max_pixels"
    assert f"1 file left out, {reason}: scan.png" in notes


def test_max_pixels_is_of_one_read_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)  # Pillow warns from 500 on
    monkeypatch.setattr(opening, "DEFAULT_MAX_PIXELS", 1000)  # and refuses from 1000 on
    for i in range(20):
        Image.fromarray(random(5, 5)).save(tmp_path / f"{i:02}.png")
    Image.fromarray(random(30, 30)).save(tmp_path / "warned.png")
    Image.fromarray(random(40, 40)).save(tmp_path / "refused.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)

        def left_out(**options):
            data = load(f"folder:{tmp_path}", image_size=5, memory_limit_gb=1e-6, **options)
            assert data.train.array.any()  # streamed, so that it is read again
            assert Image.MAX_IMAGE_PIXELS == 500
            assert warnings.filters == filters
            return [note for note in data.notes if "left out" in note]

        assert [note[-11:] for note in left_out()] == ["refused.png"]
        assert left_out(max_pixels=2000) == []
        names = "refused.png, warned.png"
        assert left_out(max_pixels=30) == [f"2 files left out, larger than max_pixels=30: {names}"]
    assert caught == []


def test_a_truncated_photograph_is_never_half_grey(tmp_path):
    for i in range(20):
        Image.fromarray(random(64, 64, 3)).save(tmp_path / f"{i:02}.jpg")
    whole = (tmp_path / "00.jpg").read_bytes()
    for i, part in enumerate((0.3, 0.5, 0.9, 0.99)):
        (tmp_path / f"part{i}.jpg").write_bytes(whole[: int(len(whole) * part)])
    notes = load(f"folder:{tmp_path}").notes
    assert "4 files left out, truncated: part0.jpg, part1.jpg, part2.jpg, part3.jpg" in notes


# --- Whatever bytes a file has


def files_to_break():
    """(suffix, bytes) of small files of many formats."""
    colour, grey = Image.fromarray(random(12, 9, 3)), Image.fromarray(random(12, 9))
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm", "tga", "pcx", "jp2", "ico"):
        buffer = io.BytesIO()
        colour.save(buffer, Image.registered_extensions()[f".{suffix}"])
        yield suffix, buffer.getvalue()
    buffer = io.BytesIO()
    grey.save(buffer, "GIF", save_all=True, append_images=[Image.fromarray(random(12, 9))] * 2)
    yield "gif", buffer.getvalue()
    yield "png", tf.io.encode_png(random(12, 9, 4, dtype=np.uint16)).numpy()
    yield "tif", tiff(random(12, 9, 3, dtype=np.uint16), compress=True, predictor=2, rows=5)


@pytest.mark.parametrize("frames", ["first", "all"])
def test_no_bytes_are_a_traceback(tmp_path, frames):
    for i in range(20):
        Image.fromarray(random(12, 9)).save(tmp_path / f"whole{i:02}.png")
    number = 0
    for suffix, content in files_to_break():
        for _ in range(12):
            broken = bytearray(content)
            for _ in range(RNG.integers(1, 6)):
                broken[RNG.integers(len(broken))] = RNG.integers(256)
            if RNG.random() < 0.5:
                broken = broken[: RNG.integers(len(broken))]
            (tmp_path / f"{number:04}.{suffix}").write_bytes(broken)
            number += 1
    data = load(f"folder:{tmp_path}", image_size=8, frames=frames, max_pixels=10_000, values="real")
    assert data.train.num_examples >= 16
    assert sum("left out" in note for note in data.notes) >= 3
    assert all("\n" not in note for note in data.notes)
