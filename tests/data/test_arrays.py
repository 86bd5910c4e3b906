"""Arrays as Images: the tables "Values" and "Arrays" of docs/reference/data.md, row by row."""

import re

import numpy as np
import pytest

from keras_vae.data import from_arrays
from keras_vae.ops.whole_numbers import infer_levels, to_bytes

GREY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)  # 0 .. 23
BYTES = np.linspace(0, 255, 24).round().astype(np.uint8).reshape(2, 3, 4)
ANYWHERE = ("binary", "unit", "levels", "real")


def read(array, values="unit", **options):
    """(Images of train, notes), of one array."""
    splits, notes = from_arrays("made", {"train": array}, values=values, **options)
    return splits["train"], notes


def check(images, dtype, levels, wanted):
    assert (images.dtype, images.array.dtype, images.levels) == (dtype, dtype, levels)
    np.testing.assert_array_equal(images.array[..., 0], wanted)


@pytest.mark.parametrize("values", [*ANYWHERE, "counts"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float64, ">u2", ">f4"])
def test_zero_and_one_are_black_and_white(values, dtype):
    images, notes = read((GREY > 3).astype(dtype), values)
    check(images, bool, 2, GREY > 3)
    assert notes == []


@pytest.mark.parametrize("values", ANYWHERE)
@pytest.mark.parametrize(
    ("white", "dtype"), [(255, np.uint8), (255, np.int32), (65_535, np.uint16), (65_535, np.int64)]
)
def test_zero_and_white_are_black_and_white(values, white, dtype):
    images, notes = read((GREY > 3).astype(dtype) * dtype(white), values)
    check(images, bool, 2, GREY > 3)
    assert notes == []


@pytest.mark.parametrize(
    ("highest", "levels"),
    [(2, 3), (16, 17), (63, 64), (64, 256), (254, 256), (256, 1024), (1023, 1024), (1024, 4096)]
    + [(4095, 4096), (4096, 16_384), (16_383, 16_384), (16_384, 65_536), (65_534, 65_536)],
)
@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.int64, np.uint64, ">i4"])
def test_the_highest_whole_number_says_how_many_levels_there_are(highest, levels, dtype):
    assert infer_levels(highest) == levels
    x = np.array([[[0, 1]], [[2 % highest, highest]]], dtype)
    images, notes = read(x)
    check(images, np.uint8 if levels <= 256 else np.uint16, levels, x)
    assert len(notes) == 1
    assert str(highest) in notes[0]


def test_bytes_are_as_they_are():
    images, notes = read(BYTES)
    check(images, np.uint8, 256, BYTES)
    assert notes == []
    assert np.shares_memory(images.array, BYTES)


@pytest.mark.parametrize("levels", [1024, 4096, 65_536])
def test_more_levels_than_of_bytes_are_rounded_for_a_likelihood_of_levels(levels):
    x = np.random.default_rng(0).integers(0, levels, (20, 5, 5)).astype(np.uint16)
    x[0, 0, 0] = levels - 1
    images, notes = read(x, "levels")
    check(images, np.uint8, 256, np.round(x / (levels - 1) * 255))
    assert f"{levels} levels are rounded to 256" in notes[0]
    np.testing.assert_array_equal(to_bytes(np.arange(256), 256), np.arange(256))
    assert read(x, "unit")[0].levels == levels


def test_all_splits_get_one_scale():
    splits, _ = from_arrays("made", {"train": GREY, "test": np.zeros_like(GREY)})
    assert {(split.dtype, split.levels) for split in splits.values()} == {(np.dtype("u1"), 24)}
    # The highest of all splits decides, whatever whole numbers they are stored in.
    splits, _ = from_arrays("made", {"train": GREY, "test": GREY.astype(np.int64) + 300})
    assert {(split.dtype, split.levels) for split in splits.values()} == {(np.dtype("u2"), 1024)}
    splits, _ = from_arrays("made", {"train": (GREY > 3) * 1, "test": GREY})
    np.testing.assert_array_equal(splits["train"].array[..., 0], GREY > 3)
    assert splits["train"].levels == 24
    # After bools, whole numbers of {0, 1} become bools.
    splits, _ = from_arrays("made", {"train": GREY > 3, "test": (GREY > 5).astype(np.int64)})
    assert {(split.dtype, split.levels) for split in splits.values()} == {(np.dtype(bool), 2)}
    np.testing.assert_array_equal(splits["test"].array[..., 0], GREY > 5)


@pytest.mark.parametrize(("low", "high"), [(-5, 20), (0, 65_536), (0, 10**6), (-128, 127)])
def test_other_whole_numbers_are_real_numbers(low, high):
    x = np.linspace(low, high, 24).round().astype(np.int64).reshape(2, 3, 4)
    images, notes = read(x, "real")
    check(images, np.float32, None, x)
    assert notes == [f"whole numbers from {low} to {high} are taken as real numbers, as they are"]


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (GREY, np.uint8),
        ((GREY > 3).astype(np.uint8) * 255, np.uint8),  # counts of 255, and no white
        (GREY.astype(np.int64), np.uint8),
        (GREY.astype(np.int32) * 100, np.uint16),
        (GREY.astype(np.int64) * 100_000, np.float32),
        (GREY.astype(np.float64), np.float32),
    ],
)
def test_counts_are_as_they_are(array, dtype):
    images, notes = read(array, "counts")
    check(images, dtype, None, array)
    assert notes == []


def test_floats_are_as_they_are_where_the_likelihood_takes_them():
    unit = (GREY / 23.0).astype(np.float32)
    for values in ("binary", "unit", "real"):
        images, notes = read(unit, values)
        check(images, np.float32, None, unit)
        assert notes == []
    for dtype in (np.float16, np.float64, np.longdouble, ">f8"):
        x = (3.0 * GREY - 7.5).astype(dtype)
        check(read(x, "real")[0], np.float32, None, x.astype(np.float32))


@pytest.mark.parametrize("levels", [3, 17, 64, 256, 1024, 65_536])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_known_levels_are_levels(levels, dtype):
    k = np.random.default_rng(0).integers(0, levels, (9, 4, 4))
    images, _ = read((k / (levels - 1)).astype(dtype), "levels", grey_levels=levels)
    wanted = np.round(k / (levels - 1) * 255) if levels > 256 else k
    check(images, np.uint8, min(levels, 256), wanted)
    x = k / (levels - 1)
    x[0, 0, 0] = 0.3 / (levels - 1)
    with pytest.raises(ValueError, match=r"must hold k / .* 1 of them between levels"):
        read(x, "levels", grey_levels=levels)


def follow(error, x):
    """What the line of Python in an error makes of x."""
    line = re.search(r"(?:Write|or write) (.*?), or use", error).group(1)
    return eval(line, {"np": np, "x": x})


RANDOM = np.random.default_rng(0).uniform(size=(6, 4, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("x", "to_unit", "to_levels"),
    [
        (BYTES, "x / 255", 'x.astype("uint8")'),
        (GREY, "x / 23", 'x.astype("uint8")'),
        (254.7 * RANDOM, "x / 255", 'np.round(x).astype("uint8")'),
        (60_000 * RANDOM, "x / 65535", 'np.round(x).astype("uint16")'),
        (BYTES / 255, None, 'np.round(255 * x).astype("uint8")'),
        (RANDOM, None, 'np.round(255 * x).astype("uint8")'),
        (GREY / 23, None, "grey_levels=24"),
        (BYTES / 127.5 - 1, "(x + 1) / 2", 'np.round(127.5 * (x + 1)).astype("uint8")'),
        (1.1 * RANDOM - 0.05, "np.clip(x, 0, 1)", "np.clip(x, 0, 1) * 255"),
        (5 * RANDOM - 2.5, "np.clip((x + ", "np.round(np.clip((x + "),
        (20.0 * RANDOM, "x / 19.", "np.round(x / 19."),
        (1e6 * RANDOM, "x / 9", "np.round(x / 9"),
        (GREY - 12.0, "np.clip((x + 12.0) / 23.0, 0, 1)", '(x.astype("int64") + 12)'),
    ],
)
def test_floats_that_a_likelihood_cannot_take_are_refused_with_what_helps(
    x, to_unit, to_levels, dtype
):
    x = x.astype(dtype)
    for values, line in [("unit", to_unit), ("binary", to_unit), ("levels", to_levels)]:
        if line is None:
            assert read(x, values)[0].levels is None
            continue
        with pytest.raises(ValueError, match=re.escape(line)) as caught:
            read(x, values)
        assert "\n" not in str(caught.value)
        images, _ = read(follow(str(caught.value), x), values)
        assert (images.levels is None) == (values != "levels")
        # Brightness is in the old order: nothing has wrapped around.
        order = np.argsort(x.ravel(), kind="stable")
        assert np.all(np.diff(images.array.ravel()[order].astype(float)) >= 0)


def test_levels_of_floats_that_an_error_names_are_theirs():
    for levels, x in [(24, GREY / 23), (17, (GREY % 17) / 16), (256, BYTES / 255)]:
        with pytest.raises(ValueError, match=f"Say grey_levels={levels},"):
            read(x, "levels")
        assert read(x, "levels", grey_levels=levels)[0].levels == levels


@pytest.mark.parametrize(
    "x",
    [GREY.astype(np.int16) - 5, BYTES.astype(np.int8), GREY * np.int64(3_000_000)]
    + [GREY * np.uint64(2**59), (GREY.astype(np.int64) * 180_000_000 - 2**31).astype(np.int32)]
    + [GREY.astype(np.int64) - 10**9, GREY % np.int64(2) * 2 - 1],
)
@pytest.mark.parametrize("values", ["binary", "unit", "levels"])
def test_whole_numbers_that_a_likelihood_cannot_take_are_refused_with_what_helps(x, values):
    with pytest.raises(ValueError, match="must hold whole numbers from 0 to 65535") as caught:
        read(x, values)
    images, _ = read(follow(str(caught.value), x), values)
    order = np.argsort(x.ravel(), kind="stable")
    assert np.all(np.diff(images.array.ravel()[order].astype(float)) >= 0)


def test_grey_levels_say_how_many_there_are_where_the_values_do_not():
    check(read(GREY, grey_levels=256)[0], np.uint8, 256, GREY)
    check(read(GREY.astype(np.int64), grey_levels=4096)[0], np.uint16, 4096, GREY)
    check(read(GREY > 3, grey_levels=256)[0], bool, 2, GREY > 3)
    check(read((GREY > 3) * 1, grey_levels=256)[0], bool, 2, GREY > 3)
    check(read((GREY > 3) * 255, grey_levels=256)[0], bool, 2, GREY > 3)
    check(read((GREY > 3) * 1, grey_levels=4)[0], np.uint8, 4, GREY > 3)
    for values in ("binary", "unit", "levels"):
        with pytest.raises(ValueError, match=r"0 to 15 for grey_levels=16.*Say grey_levels=24, or"):
            read(GREY, values, grey_levels=16)
    images, notes = read(GREY, "real", grey_levels=16)
    check(images, np.float32, None, GREY)
    assert "as real numbers" in notes[0]
    with pytest.raises(ValueError, match="grey_levels must be from 2 to 65536"):
        read(GREY, grey_levels=70_000)


def test_a_stored_config_which_says_256_levels_gets_what_it_had():
    # Until there was grey_levels: uint8 for 0 .. 255, float32 for all else that wasn't refused.
    for x, values, dtype, levels in [
        (GREY, "unit", np.uint8, 256),
        (GREY.astype(np.int64), "levels", np.uint8, 256),
        (GREY * np.uint16(100), "real", np.float32, None),
        (GREY.astype(np.int32) - 5, "real", np.float32, None),
        (GREY * np.int64(100), "counts", np.float32, None),
        (GREY / 23, "unit", np.float32, None),
    ]:
        check(read(x, values, grey_levels=256)[0], dtype, levels, x.astype(dtype))


@pytest.mark.parametrize(
    ("shape", "channels", "event_shape"),
    [
        ((9, 8, 7), None, (8, 7, 1)),
        ((9, 8, 7), "last", (8, 7, 1)),
        ((9, 8, 7, 1), None, (8, 7, 1)),
        ((9, 8, 7, 2), None, (8, 7, 2)),
        ((9, 8, 7, 4), None, (8, 7, 4)),
        ((9, 4, 7, 1), None, (4, 7, 1)),  # and not four channels of images one pixel wide
        ((9, 1, 8, 7), None, (8, 7, 1)),
        ((9, 3, 8, 7), None, (8, 7, 3)),
        ((9, 4, 5, 5), None, (5, 5, 4)),
        ((9, 3, 8, 3), "first", (8, 3, 3)),
        ((9, 3, 8, 3), "last", (3, 8, 3)),
        ((9, 3, 8, 7), "last", (3, 8, 7)),
        ((9, 8, 7, 12), "last", (8, 7, 12)),
    ],
)
def test_channels_are_brought_to_the_end(shape, channels, event_shape):
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    splits, notes = from_arrays("made", {"train": x, "test": x}, channels=channels)
    turned = len(shape) == 4 and event_shape != shape[1:]
    wanted = np.transpose(x, (0, 2, 3, 1)) if turned else x.reshape(9, *event_shape)
    for images in splits.values():
        assert images.shape == event_shape
        assert images.array.flags.c_contiguous
        np.testing.assert_array_equal(images.array, wanted)
    assert len(notes) == turned


@pytest.mark.parametrize("shape", [(9, 3, 8, 3), (9, 1, 8, 4), (9, 3, 2, 8), (9, 8, 7, 5)])
def test_where_channels_are_is_asked_for_if_it_is_unclear(shape):
    with pytest.raises(ValueError, match=r"say channels=last or channels=first"):
        read(np.zeros(shape, np.uint8))


def test_order_in_memory_is_of_no_matter():
    for x in (np.asfortranarray(BYTES), BYTES[:, ::-1][:, ::-1], np.ma.array(BYTES)):
        check(read(x)[0], np.uint8, 256, BYTES)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((5, 64)), r"must have shape \[N, H, W\].*got \[5, 64\].*x.reshape\(-1, 8, 8\)"),
        (np.zeros((5, 60)), r"must have shape \[N, H, W\].*got \[5, 60\].*reshape its rows"),
        (np.float32(3), r"must have shape .* got \[\]"),
        (np.zeros(5), r"must have shape .* got \[5\]"),
        (np.zeros((2, 5, 8, 8, 3)), r"got \[2, 5, 8, 8, 3\].*x.reshape\(-1, 8, 8, 3\)"),
        (np.zeros((0, 8, 8)), "without empty axes"),
        (np.zeros((4, 8, 0)), "without empty axes"),
        (np.full((2, 3, 4), np.nan), r"must be finite, got 24 NaN.*the first at \[0, 0, 0\]"),
        (np.where(GREY == 17, np.inf, 0.5), r"must be finite, got 1 .*first at \[1, 1, 1\]"),
        (GREY * 1e300, "must fit into float32"),
        (np.full((2, 3, 4), 7), "every value of train is 7"),
        (np.full((2, 3, 4), "a"), "must hold numbers, got dtype <U1"),
        (GREY * 1j, r"must hold numbers, got dtype complex128. Take abs\(x\)"),
        (GREY.astype("M8[s]"), "must hold numbers, got dtype datetime64"),
        (GREY.astype("m8[s]"), "must hold numbers, got dtype timedelta64"),
        (GREY.astype(object), r"must hold numbers, got dtype object.*x.astype\('float32'\)"),
        (GREY.view([("a", "u1")]), "must hold numbers, .* name one field"),
        (np.array([GREY[0], GREY[:, 0]], object), r"2 objects. Write np.stack\(list\(x\)\)"),
        (list(GREY), r"must be one array, got a list. Write np.stack\(x\)"),
        (np.ma.array(GREY, mask=GREY == 3), r"1 are masked. Write x.filled\(0\)"),
    ],
)
def test_what_is_no_array_of_images_is_refused_in_one_line(x, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(x, "real")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("test", [GREY[:, :2], GREY / 255, (GREY > 3), GREY.transpose(0, 2, 1)])
def test_splits_must_be_alike(test):
    with pytest.raises(ValueError, match="one dtype and shape"):
        from_arrays("made", {"train": GREY, "test": test})


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (GREY - 3.0, "counts, whole numbers from 0 on.*got floats from -3 to 20"),
        (GREY / 23, "counts, whole numbers from 0 on.*got floats from 0 to 1"),
        (GREY.astype(int) - 3, "counts, whole numbers from 0 on.*got -3 to 20"),
    ],
)
def test_what_is_no_count_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        read(x, "counts")
