import numpy as np
import pytest

from keras_vae.data import from_arrays

GREY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("array", "dtype", "levels", "first"),
    [
        (GREY, np.uint8, 256, GREY),
        (GREY.astype(np.int64), np.uint8, 256, GREY),
        (GREY > 3, bool, 2, GREY > 3),
        ((GREY > 3).astype(np.uint8), bool, 2, GREY > 3),
        ((GREY > 3).astype(np.float64), bool, 2, GREY > 3),
        ((GREY > 3).astype(np.uint8) * 255, bool, 2, GREY > 3),
        (GREY / 23.0, np.float32, None, GREY / 23.0),
        (GREY.astype(np.int32) - 5, np.float32, None, GREY.astype(np.float32) - 5),
        (GREY.astype(np.uint16) * 100, np.float32, None, GREY.astype(np.float32) * 100),
    ],
)
def test_dtype_states_the_scale(array, dtype, levels, first):
    images = from_arrays("made", {"train": array})["train"]
    assert images.shape == (3, 4, 1)
    assert images.dtype == dtype
    assert images.levels == levels
    np.testing.assert_allclose(images.array[..., 0], first, rtol=1e-6)


def test_all_splits_get_one_scale():
    binary_part = {"train": GREY, "test": np.zeros_like(GREY)}
    assert {split.dtype for split in from_arrays("made", binary_part).values()} == {
        np.dtype(np.uint8)
    }


@pytest.mark.parametrize(
    ("arrays", "labels", "message"),
    [
        ({"train": np.zeros((5, 64))}, None, r"must have shape \[N, H, W\].*got \[5, 64\]"),
        ({"train": np.zeros((0, 8, 8))}, None, "without empty axes"),
        ({"train": np.full((2, 3, 4), np.nan)}, None, "must be finite, got 24 NaN"),
        ({"train": np.full((2, 3, 4), 7)}, None, "every value of train is 7"),
        ({"train": np.full((2, 3, 4), "a")}, None, "must hold numbers"),
        ({"train": GREY, "test": GREY[:, :2]}, None, "one dtype and shape"),
        ({"train": GREY, "test": GREY / 255}, None, "one dtype and shape"),
        ({"train": GREY}, {"train": np.arange(3)}, "one whole number for each of the 2 images"),
        ({"train": GREY}, {"train": np.array([0.5, 1])}, "one whole number"),
        ({"train": GREY}, {"train": np.array(["cat", "dog"])}, "one whole number .*got <U3"),
    ],
)
def test_bad_arrays_are_refused_in_one_line(arrays, labels, message):
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays("made", arrays, labels)
    assert "\n" not in str(caught.value)
