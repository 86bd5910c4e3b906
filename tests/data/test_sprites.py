"""Sprites: what is drawn is what their number says."""

import itertools

import numpy as np
import pytest

from keras_vae.data import evaluation_batches, load, sprites
from keras_vae.seeds import derive

SIZES = (3, 6, 40, 32, 32)
SPRITES = list(itertools.product(range(3), range(6)))  # (shape, scale)


def number(shape, scale, rotation, x=16, y=16):
    return np.ravel_multi_index(np.broadcast_arrays(shape, scale, rotation, x, y), SIZES)


@pytest.fixture(scope="module")
def data():
    return load("sprites")


def test_a_number_is_one_picture_alone_and_among_others():
    numbers = np.random.default_rng(0).integers(0, np.prod(SIZES), 50)
    images = sprites.draw(numbers)
    assert images.shape == (50, 64, 64, 1)
    assert images.dtype == bool
    for n, image in zip(numbers, images, strict=True):
        np.testing.assert_array_equal(sprites.draw([n])[0], image)


def test_factors_are_the_digits_of_the_number():
    found = sprites.factors(np.arange(np.prod(SIZES)))
    assert list(found) == ["shape", "scale", "rotation", "x", "y"]
    np.testing.assert_array_equal(np.stack([*found.values()]).T, list(np.ndindex(*SIZES)))


@pytest.mark.parametrize(("shape", "scale"), SPRITES)
def test_x_moves_it_to_the_right_and_y_down_by_whole_pixels(shape, scale):
    first = sprites.draw([number(shape, scale, 7, x=0, y=0)])[0]
    assert first.any()
    for x, y in [(1, 0), (0, 1), (31, 0), (0, 31), (31, 31)]:
        moved = sprites.draw([number(shape, scale, 7, x, y)])[0]
        # Nothing comes round the edge: the sprite is whole wherever it is.
        np.testing.assert_array_equal(moved, np.roll(first, (y, x), axis=(0, 1)))
        assert not first[64 - y :].any()
        assert not first[:, 64 - x :].any()


@pytest.mark.parametrize(("shape", "period"), [(0, 10), (1, 20), (2, 40)])
def test_as_many_rotations_differ_as_its_symmetry_allows(shape, period):
    for scale in range(6):
        images = sprites.draw(number(shape, scale, np.arange(40)))
        np.testing.assert_array_equal(images, images[np.arange(40) % period])
        assert len(np.unique(images.reshape(40, -1), axis=0)) == period


@pytest.mark.parametrize(("shape", "scale"), SPRITES)
def test_ten_rotations_are_a_quarter_anticlockwise(shape, scale):
    images = sprites.draw(number(shape, scale, np.arange(40)))[:, 16:49, 16:49]
    np.testing.assert_array_equal(np.roll(images, -10, axis=0), np.rot90(images, axes=(1, 2)))


def test_rotation_begins_flat_and_the_heart_upright():
    ellipse, square, heart = (sprites.draw([number(s, 5, 0)])[0, ..., 0] for s in (1, 0, 2))
    assert (np.ptp(np.nonzero(ellipse), axis=1) + 1).tolist() == [17, 33]  # rows, columns
    assert (np.ptp(np.nonzero(square), axis=1) + 1).tolist() == [23, 23]
    np.testing.assert_array_equal(heart[:, 16:49], heart[:, 48:15:-1])  # left as right
    assert not heart[20, 32]  # between its lobes
    assert heart[20].any()
    assert np.flatnonzero(heart[np.flatnonzero(heart.any(axis=1))[-1]]).tolist() == [32]  # its tip


def test_area_is_that_of_the_shape_and_grows_with_scale():
    # In units of 16.5 pixels: a square of side 1.4, an ellipse of half-axes 1 and 1/2, and a
    # heart, whose curve encloses 3.66197 before it is divided by 1.43.
    units = np.array([1.4**2, np.pi / 2, 3.66197 / 1.43**2])
    sides = 16.5 * np.linspace(0.5, 1, 6)
    shape, scale, rotation = np.ogrid[:3, :6, :40]
    images = sprites.draw(number(shape, scale, rotation).ravel())
    area = images.sum(axis=(1, 2, 3)).reshape(3, 6, 40)
    assert np.all(np.diff(area, axis=1) > 0)
    np.testing.assert_allclose(area.mean(axis=-1), units[:, None] * sides**2, rtol=0.03)


def test_splits_share_nothing_and_are_all_there_is(data):
    splits = (data.train, data.validation, data.test)
    assert [s.num_examples for s in splits] == [717_280, 10_000, 10_000]
    numbers = np.concatenate([np.ravel_multi_index([*s.factors.values()], SIZES) for s in splits])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(np.prod(SIZES)))
    assert data.notes == []


def test_splits_are_drawn_by_the_seed(data):
    again, other = load("sprites"), load("sprites", seed=1)
    assert again.fingerprint == data.fingerprint != other.fingerprint
    np.testing.assert_array_equal(again.test.factors["x"], data.test.factors["x"])
    assert np.mean(other.test.factors["x"] == data.test.factors["x"]) < 0.05
    # All values come as often as each other: 10,000 / 40 are 250, with a deviation of 16.
    assert np.ptp(np.bincount(data.test.factors["rotation"])) < 8 * 16


def test_chunks_are_the_pictures_of_their_factors(data):
    numbers = np.ravel_multi_index([*data.test.factors.values()], SIZES)
    assert data.test.dtype == bool
    assert data.test.chunk_sizes == [4096, 4096, 1808]
    np.testing.assert_array_equal(data.test.read(2), sprites.draw(numbers[8192:]))
    np.testing.assert_array_equal(data.test.labels, data.test.factors["shape"])
    by_scale = load("sprites", label="scale").test
    np.testing.assert_array_equal(by_scale.labels, data.test.factors["scale"])
    with pytest.raises(ValueError, match="label=colour must be a factor of sprites: shape, scale"):
        load("sprites", label="colour")
    batches = evaluation_batches(data.test, batch_size=3000, seed=derive(0), binarization="none")
    for i, batch in enumerate(batches):
        wanted = sprites.draw(numbers[3000 * i : 3000 * (i + 1)])
        np.testing.assert_array_equal(batch.x, wanted)


def test_fewer_validation_images_keep_their_factors():
    few = load("sprites", validation_size=50).validation
    numbers = np.ravel_multi_index([*few.factors.values()], SIZES)
    np.testing.assert_array_equal(few.array, sprites.draw(numbers))
