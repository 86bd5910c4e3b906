import numpy as np
import pytest

from keras_vae.data import InMemory, dynamic, resolve, threshold
from keras_vae.seeds import derive

DIGITS = InMemory(np.float32([0, 0.5, 1, 0.25]).reshape(1, 2, 2, 1), levels=17)
BINARY = InMemory(np.array([True, False]).reshape(1, 2, 1, 1), levels=2)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_dynamic_is_bernoulli_of_each_level(dtype):
    draws = 20_000
    levels = np.arange(256, dtype=np.uint8)
    x = np.broadcast_to(levels if dtype == np.uint8 else np.float32(levels / 255), (draws, 256))
    p = levels / 255
    mean = dynamic(x, derive(1)).numpy().mean(0)
    assert mean[0] == 0
    assert mean[255] == 1
    z = (mean - p)[1:-1] / np.sqrt(p * (1 - p) / draws)[1:-1]
    assert np.abs(z).max() < 4.5  # 254 normal draws exceed this once in 600 times
    assert abs(z.mean()) < 4 / np.sqrt(254)


def test_dynamic_bytes_at_full_scale_are_always_white():
    assert dynamic(np.full(2_000_001, 255, np.uint8), derive(1)).numpy().all()


def test_dynamic_is_its_seed():
    x = np.full((100, 100), 0.5, np.float32)
    assert np.array_equal(dynamic(x, derive(1)), dynamic(x, derive(1)))
    assert np.mean(dynamic(x, derive(1)).numpy() == dynamic(x, derive(2)).numpy()) < 0.55


def test_binary_values_are_left_alone():
    x = np.array([True, False])
    assert np.array_equal(dynamic(x, derive(0)), x)
    assert np.array_equal(threshold(x), x)


def test_threshold_is_half_of_full_scale():
    assert threshold(np.uint8([0, 127, 128, 255])).numpy().tolist() == [False, False, True, True]
    assert threshold(np.float32([0.49, 0.5])).numpy().tolist() == [False, True]


def test_default_follows_the_likelihood():
    assert resolve(None, DIGITS, needs_binary=True) == "dynamic"
    assert resolve(None, DIGITS, needs_binary=False) == "none"
    assert resolve(None, BINARY, needs_binary=True) == "none"
    assert resolve("threshold", DIGITS, needs_binary=True) == "threshold"
    assert resolve("dynamic", DIGITS, needs_binary=False) == "dynamic"
    assert resolve("dynamic", BINARY, needs_binary=True) == "none"
    assert resolve("none", BINARY, needs_binary=True) == "none"


@pytest.mark.parametrize(
    ("binarization", "images", "message"),
    [
        ("none", DIGITS, "binarization=dynamic or threshold.*continuous_bernoulli"),
        ("static", DIGITS, "must be one of none, threshold, dynamic, got static"),
        (
            None,
            InMemory(np.float32([-1, 2.5]).reshape(1, 2, 1, 1)),
            r"needs values in \[0, 1\], got -1 to 2.5",
        ),
    ],
)
def test_refusals_name_the_ways_out(binarization, images, message):
    with pytest.raises(ValueError, match=message) as caught:
        resolve(binarization, images, needs_binary=True)
    assert "\n" not in str(caught.value)
