"""Any file or folder of images: what docs/reference/data.md makes of it, or one line."""

import io
import os
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import keras_vae
from keras_vae.data import from_arrays, load
from keras_vae.data.split_names import SPLITS
from tests import tiny
from tests.fuzz.tried import tried

REFUSED = (ValueError, OSError)
VALUES = ("binary", "unit", "levels", "real", "counts")

# Arrays -------------------------------------------------------------------------------------------


@st.composite
def whole_arrays(draw):
    """Whole numbers [24, 5, 6, 1] of any width, whose highest value is as drawn."""
    high = draw(st.sampled_from([1, 2, 3, 9, 16, 63, 64, 200, 255, 256, 1000, 4095, 65535, 70_000]))
    low = draw(st.sampled_from([0, 0, 0, 0, -3]))
    x = np.random.default_rng(draw(st.integers(0, 99))).integers(low, high + 1, (24, 5, 6, 1))
    x[0, 0, 0] = high
    fitting = [
        d for d in ("uint8", "int16", "uint16", "int32", "int64") if np.all(x.astype(d) == x)
    ]
    return x.astype(draw(st.sampled_from(fitting)))


@given(whole_arrays(), st.sampled_from(VALUES), st.sampled_from([None, None, 2, 17, 256, 4096]))
def test_whole_numbers_keep_their_meaning(x, values, grey_levels):
    found, refusal, _ = tried(
        lambda: from_arrays("made", {"train": x}, values=values, grey_levels=grey_levels)
    )
    low, high = int(x.min()), int(x.max())
    if refusal:
        assert "made" in refusal
        assert low < 0 or high >= (grey_levels or 65536)
        return
    images, notes = found[0]["train"], found[1]
    if images.dtype == bool:
        np.testing.assert_array_equal(images.array, x == high)
        return
    kept = images.array.astype(np.int64)
    if values == "levels" and (grey_levels or high + 1) > 256:
        assert images.levels == 256
        assert notes
        white = (grey_levels or 2 ** max(10, 2 * -(-high.bit_length() // 2))) - 1
        np.testing.assert_allclose(kept, x * (255 / white), atol=0.5 + 1e-9)
        return
    np.testing.assert_array_equal(kept, x)  # The values stay, in their own dtype.
    is_short = low >= 0 and max(high + 1, grey_levels or 0) <= 256 and images.levels
    assert images.dtype.itemsize <= (1 if is_short else 4)
    if images.levels is not None:
        assert high < images.levels
        assert grey_levels in (None, images.levels)
        assert grey_levels or high / (images.levels - 1) > 0.24  # Never nearly black,
        assert grey_levels or notes or images.levels == 256  # nor on a scale that isn't told.


# Labels -------------------------------------------------------------------------------------------

CLASSES = st.one_of(
    st.lists(st.integers(-3, 3), min_size=24, max_size=24),
    st.lists(st.sampled_from([10**6 + i for i in range(10)]), min_size=24, max_size=24),
    st.lists(st.sampled_from(["cat", "dog", "Éclair", "10", "9", ""]), min_size=24, max_size=24),
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, np.nan]), min_size=24, max_size=24),
    st.lists(st.sampled_from([0, 1, 2]), min_size=23, max_size=25),
    st.lists(st.booleans(), min_size=24, max_size=24),
    st.lists(st.sampled_from([None, "a", "b", 3]), min_size=24, max_size=24),
)


@given(CLASSES, st.sampled_from(["as is", "column", "one-hot"]))
def test_labels_keep_their_meaning(classes, form):
    y = np.array(classes) if None not in classes else np.array(classes, object)
    if form == "column":
        y = y[:, np.newaxis]
    if form == "one-hot" and y.dtype.kind in "iu" and y.min() >= 0:
        y = np.eye(4, dtype=np.int64)[y % 4]
    x = np.random.default_rng(0).integers(0, 256, (24, 5, 6), np.uint8)
    found, refusal, _ = tried(lambda: from_arrays("made", {"train": x}, {"train": y}))
    if refusal:
        assert refusal.startswith("Labels")
        return
    images = found[0]["train"]
    if images.labels is None:
        assert found[1]
        return
    assert images.labels.min() == 0
    names = images.class_names or tuple(range(1 + images.labels.max()))
    assert images.labels.max() < len(names) <= 24
    wanted = np.argmax(y, 1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    for label, given_label in zip(images.labels, wanted, strict=True):
        told = names[label]
        assert str(told) == str(given_label) or float(told) == float(given_label)


# Folders ------------------------------------------------------------------------------------------

NAMES = [name for names in SPLITS.values() for name in names] + ["cat", "dog", "1", "été", "data"]


@pytest.fixture(scope="module")
def pngs():
    """256 PNG files of one grey each, but for a corner."""
    files = []
    for grey in range(256):
        pixels = np.full((4, 4), grey, np.uint8)
        pixels[0, 0] = 255 - grey
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "PNG")
        files.append(content.getvalue())
    return files


@st.composite
def trees(draw):
    """Paths of files, each in up to two folders."""
    folders = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    cased = [draw(st.sampled_from([str.lower, str.upper, str.title, str]))(f) for f in folders]
    inner = draw(st.sampled_from([[""], ["cat", "dog"], ["cat", "test"], ["train", "test"]]))
    return [os.path.join(f, i) for f in cased for i in inner]


@given(tree=trees())
def test_what_is_named_a_test_is_never_trained_on(pngs, tree):
    with tempfile.TemporaryDirectory() as folder:
        place = {}  # {grey level: folder}.
        for k, part in enumerate(tree):
            os.makedirs(os.path.join(folder, part), exist_ok=True)
            for i in range(6):
                grey = 6 * k + i
                place[grey] = part
                with open(os.path.join(folder, part, f"{i}.png"), "wb") as file:
                    file.write(pngs[grey])
        found, refusal, _ = tried(lambda: load(f"folder:{folder}"), REFUSED)
    if refusal:
        assert "folder:" in refusal
        return
    for split in (found.train, found.validation, found.test):
        for image, label in zip(
            split.array, [None] * 99 if split.labels is None else split.labels, strict=False
        ):
            parts = [part.lower() for part in place[int(image[1, 1, 0])].split(os.sep) if part]
            named = [s for s, names in SPLITS.items() if parts[0] in names]
            if split is found.train:
                assert "test" not in named
                assert "validation" not in named
            elif named and named != ["train"]:
                assert split is getattr(found, named[0])
            if label is not None and len(found.train.class_names) > 1:
                assert found.train.class_names[label].lower() in parts


# Image files --------------------------------------------------------------------------------------

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "HSV", "LAB"]
FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]


@given(
    st.sampled_from(MODES),
    st.sampled_from(FORMATS),
    st.integers(1, 9),
    st.integers(0, 99),
    st.one_of(st.none(), st.tuples(st.floats(0, 1), st.integers(0, 255))),
    st.sampled_from(["crop", "pad", "stretch"]),
)
def test_any_image_file_is_read_or_named(mode, kind, side, seed, damage, resize):
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(12):
            pixels = rng.integers(0, 256, (side, 8, 4), np.uint8)
            image = Image.fromarray(pixels, "RGBA").convert("RGB" if mode in MODES[6:] else "RGBA")
            if mode in ("I;16", "I", "F"):
                numbers = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
                image = Image.fromarray((pixels[..., 0].astype(np.int64) * 257).astype(numbers))
            else:
                image = _converted(image, mode)
            content = io.BytesIO()
            try:
                image.save(content, kind)
            except (OSError, ValueError, KeyError):
                return  # A format without such a mode.
            data = bytearray(content.getvalue())
            if damage and i % 3 == 0:
                at = int(damage[0] * (len(data) - 1))
                if damage[1] == 0:
                    data = data[:at]
                else:
                    data[at] ^= damage[1]
            with open(os.path.join(folder, f"{i}.img"), "wb") as file:
                file.write(data)
        found, refusal, _ = tried(
            lambda: load(f"folder:{folder}", image_size=8, resize=resize, values="real"), REFUSED
        )
    if refusal:
        assert "folder:" in refusal
        return
    total = sum(s.num_examples for s in (found.train, found.validation, found.test))
    assert total == 12 or any(".img" in note for note in found.notes)
    for split in (found.train, found.validation, found.test):
        assert split.array.shape[1:] in ((8, 8, 1), (8, 8, 3))
        assert np.isfinite(split.array.astype(np.float64)).all()


def _converted(image, mode):
    if mode in ("LAB", "HSV", "CMYK", "YCbCr"):
        image = image.convert("RGB")
    if mode == "LAB":
        return Image.merge("LAB", image.split())
    return image.convert(mode)


# Saved models -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model = tiny.vae(network="linear")
    model.save(path)
    x = tiny.images(2)
    return path, x, model.code(x).numpy()


@given(st.floats(0, 1), st.integers(0, 255))
def test_a_damaged_model_is_found_out(saved, place, bits):
    """Cut off, or with a byte changed; where it still loads, it is the model that was saved."""
    whole, x, code = saved
    content = whole.read_bytes()
    at = int(place * (len(content) - 1))
    changed = bytearray(content[:at] if bits == 0 else content)
    if bits:
        changed[at] ^= bits
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(changed)
        model, refusal, _ = tried(lambda: keras_vae.load(path), REFUSED)
    if refusal:
        assert "model.keras" in refusal
    else:
        np.testing.assert_array_equal(model.code(x), code)
