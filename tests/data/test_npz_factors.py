"""Factors of an npz: read with their images, split with them, taken as labels, or refused."""

import numpy as np
import pytest

from keras_vae.data import load

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 6, 5), dtype=np.uint8)
FACTORS = np.stack([np.arange(60), np.arange(60) % 2], axis=1)
NAMES = np.array(["number", "odd"])


def save(folder, **arrays):
    path = folder / "made.npz"
    np.savez(path, **arrays)
    return f"npz:{path}"


@pytest.mark.parametrize("memory_limit_gb", [4.0, 1e-6], ids=["in memory", "streamed"])
def test_they_stay_with_their_images(tmp_path, memory_limit_gb):
    name = save(tmp_path, x=IMAGES, factors=FACTORS, factor_names=NAMES)
    found = load(name, seed=3, memory_limit_gb=memory_limit_gb)
    for split in (found.train, found.validation, found.test):
        assert [*split.factors] == ["number", "odd"]
        numbers = split.factors["number"]
        np.testing.assert_array_equal(split.factors["odd"], numbers % 2)
        assert len(numbers) == split.num_examples
    if memory_limit_gb > 1.0:
        np.testing.assert_array_equal(
            found.test.array[..., 0], IMAGES[found.test.factors["number"]]
        )
    assert not any("not used" in note for note in found.notes)


def test_splits_have_their_own_and_names_may_lack(tmp_path):
    name = save(
        tmp_path,
        train_images=IMAGES,
        train_factors=FACTORS,
        test_images=IMAGES[:9],
        test_factors=FACTORS[:9],
    )
    found = load(name, validation_size=0)
    np.testing.assert_array_equal(found.train.factors["factor_0"], FACTORS[:, 0])
    np.testing.assert_array_equal(found.test.factors["factor_1"], FACTORS[:9, 1])


def test_one_may_be_the_labels(tmp_path):
    name = save(tmp_path, x=IMAGES, y=np.zeros(60, int), factors=FACTORS, factor_names=NAMES)
    found = load(name, label="odd")
    np.testing.assert_array_equal(found.train.labels, found.train.factors["odd"])
    with pytest.raises(ValueError, match=r"label=red must be a factor.*those of .* number, odd"):
        load(name, label="red")
    with pytest.raises(ValueError, match=r"label=odd must be a factor of the npz, and .* has none"):
        load(save(tmp_path, x=IMAGES), label="odd")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"factors": FACTORS[:59]}, r"a row for each image, \[60, F\], got int64 \[59, 2\]"),
        ({"factors": 0.5 * FACTORS}, r"must be whole numbers, .* got float64 \[60, 2\]"),
        ({"factors": FACTORS, "factor_names": NAMES[:1]}, "one name for each column.*got 1 names"),
        ({"factors": FACTORS, "factor_names": np.array(["a", "a"])}, "different names"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, arrays, words):
    with pytest.raises(ValueError, match=words):
        load(save(tmp_path, x=IMAGES, **arrays))


def test_sprites_have_them(shared_data):
    found = load(f"npz:{shared_data}/npz/lpc_sprites_64x64.npz")
    assert len(found.train.factors) == 7
    assert len(found.test.factors["hair"]) == 2000
