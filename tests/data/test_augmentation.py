"""Images are mirrored and shifted as numpy does it, by the same draws."""

import numpy as np
import pytest
import scipy.stats

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.data import augment
from keras_vae.data.augmentation import largest_shift

SEED = [3, 4]
SHAPES = [(40, 33, 2), (16, 17, 3), (3, 2, 1), (1, 1, 1)]


def images(n, shape, dtype=np.uint8):
    x = np.random.default_rng(0).integers(0, 256, (n, *shape))
    return x > 127 if dtype is bool else x.astype(dtype)


def drawn(n, height, width):
    """(shifts down, shifts right, whether mirrored), each [n], of SEED."""
    shifts = [
        tf.random.stateless_uniform([n, 1], seeds.derive(SEED, i), -most, most + 1, tf.int32)
        for i, most in enumerate(map(largest_shift, (height, width)))
    ]
    mirrored = tf.random.stateless_uniform([n, 1], seeds.derive(SEED, 2)) < 0.5
    return [draw.numpy()[:, 0] for draw in (*shifts, mirrored)]


def one_by_one(x, augmentations):
    """numpy's own mirroring, padding and cutting, image by image."""
    n, height, width, _ = x.shape
    found = []
    for image, down, right, mirrored in zip(x, *drawn(n, height, width), strict=True):
        if "flip" in augmentations and mirrored:
            image = np.fliplr(image)
        if "crop" in augmentations:
            tall, wide = largest_shift(height), largest_shift(width)
            padded = np.pad(image, [(tall, tall), (wide, wide), (0, 0)], "reflect")
            image = padded[tall + down :, wide + right :][:height, :width]
        found.append(image)
    return np.stack(found)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("augmentations", [("flip",), ("crop",), ("crop", "flip")], ids=str)
def test_a_batch_is_what_numpy_makes_of_its_images(shape, augmentations):
    x = images(30, shape)
    found = augment(x, augmentations, SEED)
    assert found.dtype == tf.uint8
    np.testing.assert_array_equal(found, one_by_one(x, augmentations))


@pytest.mark.parametrize("dtype", [bool, np.uint16, np.float32])
def test_values_keep_their_type(dtype):
    x = images(8, (7, 5, 1), dtype)
    found = augment(x, ("flip", "crop"), SEED)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, one_by_one(x, ("flip", "crop")))


def test_without_augmentations_a_batch_stays_as_it_is():
    x = tf.constant(images(4, (7, 5, 1)))
    assert augment(x, (), SEED) is x


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(ValueError, match="augmentations must be of flip, crop, got 'turn'"):
        augment(tf.constant(images(4, (7, 5, 1))), ("flip", "turn"), SEED)


def test_shifts_are_a_16th_of_the_size():
    assert [largest_shift(n) for n in (1, 2, 16, 17, 32, 64, 65)] == [0, 1, 1, 2, 2, 4, 5]


def test_each_shift_and_each_side_is_as_likely_as_the_others():
    """Of one image whose pixels tell their place; p-values of chi-square tests."""
    n, size = 4000, 32
    place = np.arange(size**2, dtype=np.uint16).reshape(1, size, size, 1)
    found = augment(np.repeat(place, n, axis=0), ("flip", "crop"), SEED).numpy()
    row, column = divmod(found[:, size // 2, size // 2 : size // 2 + 2, 0].astype(int), size)
    mirrored = column[:, 1] < column[:, 0]
    right = np.where(mirrored, size - 1 - column[:, 0], column[:, 0]) - size // 2
    down = row[:, 0] - size // 2
    assert set(down) == set(right) == {-2, -1, 0, 1, 2}
    counts = np.zeros([2, 5, 5])
    np.add.at(counts, (mirrored.astype(int), down + 2, right + 2), 1)
    assert scipy.stats.chisquare(counts.ravel()).pvalue > 1e-3
