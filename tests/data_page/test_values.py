"""The table "Values" of docs/reference/data.md: what numbers of any kind are to a model."""

import functools
import re

import numpy as np

from tests.data_page.doors import SHAPE, built, refused
from tests.data_page.page import row

RNG = np.random.default_rng(0)
UNIT = RNG.uniform(size=(6, *SHAPE))
row = functools.partial(row, "Values")


def whole(highest, dtype="int64", lowest=0):
    """Random whole numbers [6, H, W, C], of which some are the lowest and the highest."""
    x = RNG.integers(lowest, highest, (6, *SHAPE), endpoint=True)
    x[:, 0, 0], x[:, 0, 1] = lowest, highest
    return x.astype(dtype)


def helped(x, message):
    """x by the line of Python in an error."""
    line = re.search(r"(?:Write|write|Give) (.+?)(?:, or |\.$)", message).group(1)
    return eval(line, {"x": x, "np": np})


@row("bool")
def test_bools(doors):
    x = UNIT > 0.5
    for likelihood in ("bernoulli", "normal"):
        doors.both(x, x.astype(float), likelihood)


@row("whole numbers of any width, only {0, 1} or {0, 255} (files: or {0, 65535})")
def test_black_and_white(doors):
    x = UNIT > 0.5
    for dtype, white in [("uint8", 1), ("uint8", 255), ("int64", 1), ("int32", 255)]:
        likelihood = "bernoulli" if dtype == "uint8" else "continuous_bernoulli"
        doors.both((x * white).astype(dtype), x, likelihood)
    np.testing.assert_array_equal(doors.file((x * 65535).astype("uint16"), "bernoulli"), x)


@row("whole numbers whose highest is 63 or less, as 0..16")
def test_few_levels(doors):
    for highest, dtype in [(2, "uint8"), (16, "int64"), (63, "uint16")]:
        x = whole(highest, dtype)
        doors.both(x, x / highest)
    doors.both(x, x / 63, "normal")
    np.testing.assert_allclose(doors.file(x, "discretized_logistic"), x / 63, rtol=1e-6)


@row("whole numbers whose highest is from 64 to 255")
def test_bytes(doors):
    for highest, dtype in [(64, "uint8"), (255, "uint8"), (200, "int64"), (255, "uint16")]:
        x = whole(highest, dtype)
        doors.both(x, x / 255)
        assert bool(doors.notes) == (dtype != "uint8")


@row("whole numbers whose highest is from 256 to 65,535")
def test_deep_levels(doors):
    for highest, levels in [(256, 1024), (1023, 1024), (4000, 4096), (9999, 16384), (65535, 65536)]:
        x = whole(highest, "uint16")
        doors.both(x, x / (levels - 1))


@row(
    "more than 256 levels, for a likelihood of levels (`discretized_logistic`, `categorical`, "
    "`logistic_mixture`)"
)
def test_deep_levels_for_a_likelihood_of_levels(doors):
    x = whole(1023, "uint16")
    for likelihood in ("discretized_logistic", "categorical", "logistic_mixture"):
        np.testing.assert_allclose(
            doors.file(x, likelihood), np.round(x / 1023 * 255) / 255, rtol=1e-6
        )
    refused(lambda: doors.python(x, "categorical", 256), "1023", "levels=1024")
    np.testing.assert_allclose(doors.python(x, "categorical", 1024), x / 1023, rtol=1e-6)


@row("negative whole numbers, or ones above 65,535, for a likelihood of real numbers")
def test_whole_numbers_as_real_numbers(doors):
    for x in (whole(5, lowest=-5), whole(100_000)):
        np.testing.assert_array_equal(doors.file(x, "normal"), x)
        refused(lambda x=x: doors.python(x, "normal"), "whole numbers", "x.astype('float32')")
        np.testing.assert_array_equal(doors.python(x.astype("float32"), "normal"), x)


@row(
    "negative whole numbers, or ones above 65,535, for any other likelihood (but large counts for "
    "`poisson`)"
)
def test_whole_numbers_beyond(doors):
    for x in (whole(5, lowest=-5), whole(300, lowest=-9), whole(100_000)):
        got = f"{x.min()} to {x.max()}"
        for likelihood in ("bernoulli", "continuous_bernoulli"):
            remedy = "Cut" if likelihood == "bernoulli" else "Give"
            doors.both_refuse(x, likelihood, (got, "likelihood=normal"), (got, remedy))
    x = whole(5, lowest=-5)
    refused(lambda: doors.file(x, "discretized_logistic"), "-5 to 5", "likelihood=normal")
    refused(lambda: doors.python(x, "categorical", 256), "-5 to 5", "Give (x.astype")
    doors.both_refuse(x, "poisson", ("-5 to 5", "likelihood=normal"), ("-5 to 5", "Clean"))
    message = refused(lambda: doors.python(x), "-5 to 5")
    np.testing.assert_array_equal(helped(x, message), x + 5)


@row("whole numbers from 0 on, for `poisson`")
def test_counts(doors):
    for highest, dtype in [(1, "int64"), (9, "uint8"), (255, "uint8"), (70_000, "int64")]:
        x = whole(highest, dtype)
        doors.both(x, x, "poisson")


@row("floats for a likelihood of real numbers")
def test_real_numbers(doors):
    x = RNG.normal(0, 300, UNIT.shape).astype(np.float32)
    for likelihood in ("normal", "laplace"):
        doors.both(x, x, likelihood)


@row("floats from 0 to 1 for `continuous_bernoulli`")
def test_unit_floats(doors):
    doors.both(UNIT, UNIT)


@row("grey values for `bernoulli`, which takes {0, 1} alone")
def test_grey_for_black_and_white(doors):
    grey = np.resize(np.array([0.0, 0.3, 0.7, 1.0]), (400, *SHAPE))
    drawn = doors.file(grey, "bernoulli")
    assert set(np.unique(drawn)) == {0, 1}
    for level in np.unique(grey):  # 1,600 of each: four standard deviations of their mean.
        near = 4 * np.sqrt(level * (1 - level) / 1600)
        assert abs(drawn[grey == level].mean() - level) <= near
    cut = doors.file(grey, "bernoulli", binarization="threshold")
    np.testing.assert_array_equal(cut, grey >= 0.5)
    refused(lambda: doors.python(grey, "bernoulli"), "x ", "x >= 0.5")
    refused(lambda: doors.python(whole(255), "bernoulli"), "x ", "x >= 128")


@row("floats k / (levels - 1) for a likelihood of levels, where the levels are known")
def test_floats_of_known_levels(doors):
    x = whole(16) / 16
    for found in (
        doors.file(x, "discretized_logistic", grey_levels=17),
        doors.python(x, "categorical", levels=17),
    ):
        np.testing.assert_allclose(found, x, rtol=1e-6)


@row(
    "floats of bytes (0 to 255) or from -1 to 1, for a likelihood of values from 0 to 1 or of "
    "levels"
)
def test_floats_of_another_scale(doors):
    levels = whole(255)
    for x in (levels.astype(float), levels / 127.5 - 1):
        for likelihood in ("continuous_bernoulli", "categorical"):
            of_model = 256 if likelihood == "categorical" else None
            for call in (
                lambda x, like=likelihood: doors.file(x, like),
                lambda x, like=likelihood, n=of_model: doors.python(x, like, n),
            ):
                message = refused(lambda x=x, call=call: call(x), "got ", " to ")
                np.testing.assert_allclose(call(helped(x, message)), levels / 255, atol=1e-6)
        refused(lambda x=x: doors.file(x, "bernoulli"), "made.npz", "Write ")
        refused(lambda x=x: doors.python(x, "bernoulli"), "x has values", "Cut x")


@row("floats x / 255 for a likelihood of levels, where the levels are unknown")
def test_floats_of_unknown_levels(doors):
    x = whole(255) / 255
    message = refused(lambda: doors.file(x, "categorical"), "made.npz", "grey_levels=256")
    np.testing.assert_allclose(doors.file(helped(x, message), "categorical"), x, rtol=1e-6)


@row("floats that are whole numbers from 0 on, for `poisson`")
def test_counts_as_floats(doors):
    x = whole(300)
    doors.both(x.astype(float), x, "poisson")
    doors.both_refuse(x + 0.5, "poisson", ("counts", "np.round"), ("whole numbers", "Give"))


@row("float16, float64, longdouble")
def test_floats_of_other_widths(doors):
    for dtype in ("float16", "float64", "longdouble"):
        x = RNG.normal(size=UNIT.shape).astype(dtype)
        doors.both(x, x.astype("float32"), "normal")
    large = ("fit into float32", "1e+300", "Rescale")
    doors.both_refuse(np.where(UNIT > 0.5, 1e300, 0), "normal", large, large)


@row("NaN, infinity")
def test_not_finite(doors):
    for bad in (np.nan, np.inf, -np.inf):
        x = UNIT.copy()
        x[2, 1, 3, 0] = x[4, 0, 0, 0] = bad
        for likelihood in ("continuous_bernoulli", "normal"):
            words = "2 NaN or infinite", "2, 1, 3, 0", "Clean"
            doors.both_refuse(x, likelihood, words, words)


@row("NaN in files, with `--missing=nan`")
def test_missing_values(doors):
    x = UNIT.copy()
    x[2, 1] = np.nan
    wanted = np.nan_to_num(x).astype(np.float32)
    np.testing.assert_array_equal(doors.file(x, "normal", missing="nan"), wanted)


@row("values where a mask is False")
def test_masked_values(doors):
    known = UNIT > 0.3
    x = np.where(known, UNIT, np.nan).astype(np.float32)
    options = {"values": "real", "validation_size": 0}
    found = doors.npz(options, train=x, train_mask=known, test=UNIT)
    np.testing.assert_array_equal(found.train.mask, known)
    np.testing.assert_array_equal(found.train.array, np.nan_to_num(x))
    model = built("normal")
    losses = [model.evaluate(v, mask=known, verbose=0) for v in (x, np.where(known, UNIT, 7))]
    doors.noted.append([])
    assert losses[0] == losses[1] != model.evaluate(UNIT, verbose=0)


@row("complex numbers, objects, dates, text")
def test_no_numbers(doors):
    for x, remedy in [
        (UNIT + 1j, "abs(x)"),
        (np.full(UNIT.shape, "3"), "astype"),
        (np.zeros(UNIT.shape, "M8[D]"), "Dates"),
        (UNIT.astype(object), "plain arrays"),
    ]:
        in_python = "astype" if remedy == "plain arrays" else remedy
        doors.both_refuse(x, "normal", (remedy,), ("must hold numbers", in_python))


@row("every value the same")
def test_one_value(doors):
    for x in (np.full(UNIT.shape, 0.5), np.zeros(UNIT.shape, "uint8")):
        refused(lambda x=x: doors.file(x), "every value of train is", "Check how")
        np.testing.assert_array_equal(doors.python(x), x)
