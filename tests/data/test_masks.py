"""Values that are unknown: masks, NaN, and that what stood there is forgotten."""

import hashlib

import numpy as np
import pytest

import keras_vae
from keras_vae import data
from keras_vae.building import settling
from keras_vae.runs import run_data
from tests.data.test_pipeline import BATCH, blocks

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(1, 256, (40, 5, 6), dtype=np.uint8)
KNOWN = RNG.uniform(size=IMAGES.shape) < 0.7


def saved(folder, **arrays):
    np.savez(folder / "made.npz", **arrays)
    return f"npz:{folder / 'made.npz'}"


def check(split, x, known):
    np.testing.assert_array_equal(split.mask[..., 0], known)
    np.testing.assert_array_equal(split.array[..., 0], np.where(known, x, 0))
    assert split.mask.dtype == bool


@pytest.mark.parametrize("keys", [("x", "mask"), ("train_images", "train_mask"), ("a", "b")])
@pytest.mark.parametrize("shape", [(40, 5, 6), (40, 5, 6, 1)])
def test_a_mask_is_found_by_its_name_or_named(tmp_path, keys, shape):
    arrays = dict(zip(keys, (IMAGES, KNOWN.reshape(shape)), strict=True))
    options = {} if keys[0] != "a" else {"npz_keys": {"train": "a", "train_mask": "b"}}
    found = data.load(saved(tmp_path, **arrays), validation_size=0, **options)
    assert found.train.levels == 256
    whole = np.concatenate([found.train.array, found.test.array])[..., 0]
    masks = np.concatenate([found.train.mask, found.test.mask])[..., 0]
    rows = [int(np.flatnonzero((x == IMAGES * KNOWN).all((1, 2)))[0]) for x in whole]
    assert sorted(rows) == list(range(40))
    np.testing.assert_array_equal(masks, KNOWN[rows])
    assert f"unknown are {100 * (1 - KNOWN.mean()):.3g}% of train" in found.notes[0]
    assert "missing at random given these (MAR)" in found.notes[0]


@pytest.mark.parametrize("values", ["real", "levels"])
def test_nan_is_unknown_where_it_is_said(tmp_path, values):
    x = np.where(KNOWN, IMAGES / 255, np.nan)
    name = saved(tmp_path, train=x, test=IMAGES[:9] / 255)
    with pytest.raises(ValueError, match=r"got \d+ NaN .*Clean it\. Or say missing=nan"):
        data.load(name, values=values)
    levels = {"grey_levels": 256} if values == "levels" else {}
    found = data.load(name, values=values, missing="nan", validation_size=0, **levels)
    wanted = IMAGES if levels else np.float32(IMAGES / 255)
    check(found.train, wanted, KNOWN)
    check(found.test, wanted[:9], np.ones((9, 5, 6), bool))


def test_channels_that_come_first_are_turned_with_their_mask(tmp_path):
    x = np.repeat(IMAGES[:, np.newaxis], 3, axis=1)  # [N, 3, H, W]
    for mask in (KNOWN, np.repeat(KNOWN[:, np.newaxis], 3, axis=1)):
        found, _ = data.from_arrays("x", {"train": x}, masks={"train": mask}, channels="first")
        for c in range(3):
            np.testing.assert_array_equal(found["train"].mask[..., c], KNOWN)
            np.testing.assert_array_equal(found["train"].array[..., c], IMAGES * KNOWN)


def test_a_mask_of_ones_is_none(tmp_path):
    name = saved(tmp_path, x=IMAGES, mask=np.ones_like(KNOWN))
    assert data.load(name).train.mask is None


def test_splits_keep_masks_and_forget_what_is_unknown():
    splits = [
        data.InMemory(x[..., np.newaxis], levels=256, mask=KNOWN)
        for x in (IMAGES, np.where(KNOWN, IMAGES, 7))
    ]
    hashes = []
    for split in (*splits, data.InMemory(splits[0].array, levels=256)):
        sha = hashlib.sha256()
        split.update_hash(sha)
        hashes.append(sha.hexdigest())
    assert hashes[0] == hashes[1] != hashes[2]
    for part in splits[0].hold_out(10, [0, 1]):
        np.testing.assert_array_equal(part.array > 0, part.mask)
    for wrong, message in (
        (KNOWN[:3], r"mask must be of the examples' shape \[40, 5, 6, 1\]"),
        (KNOWN[:, :, :3], "mask must be of the examples' shape"),
        (IMAGES, "mask must be bool"),
    ):
        with pytest.raises(ValueError, match=message):
            data.InMemory(IMAGES[..., np.newaxis], mask=wrong)


def test_a_table_may_have_a_mask():
    x = np.where(KNOWN[:, 0], IMAGES[:, 0], np.nan).astype(np.float32)  # [N, D]
    split = data.InMemory(x, mask=KNOWN[:, 0])
    np.testing.assert_array_equal(split.array, IMAGES[:, 0] * KNOWN[:, 0])
    batch = next(
        iter(data.evaluation_batches(split, batch_size=7, seed=[0, 1], binarization="none"))
    )
    np.testing.assert_array_equal(batch.mask, KNOWN[:7, 0])


def test_masks_move_with_their_images():
    """Known values are above 0 and others are 0, wherever they are moved to."""
    split = data.InMemory(IMAGES[..., np.newaxis], levels=256, mask=KNOWN)
    for found in (blocks(split, augmentations=("flip", "crop")), blocks(split)):
        for block in found:
            assert block.mask.dtype == bool
            np.testing.assert_array_equal(block.x > 0, block.mask)
            assert block.mask.shape[1:3] == (BATCH, 5)
    batches = data.evaluation_batches(split, batch_size=16, seed=[0, 1], binarization="dynamic")
    masks = np.concatenate([batch.mask for batch in batches])
    np.testing.assert_array_equal(masks[..., 0], KNOWN)
    assert not np.any(np.concatenate([batch.x for batch in batches]) & ~masks)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        (
            {"x": IMAGES, "m": KNOWN[:9]},
            {"npz_keys": ["train=x", "train_mask=m"]},
            r"mask of train .*must be of the examples' shape",
        ),
        ({"x": IMAGES, "mask": np.zeros_like(KNOWN)}, {}, "all of train is unknown"),
        ({"x": IMAGES, "m": IMAGES}, {"npz_keys": ["train=x", "train_mask=m"]}, "must be bool"),
        ({"x": IMAGES, "test_mask": KNOWN}, {}, "a mask of test, test_mask, without its images"),
        ({"x": np.where(KNOWN, 3, IMAGES), "mask": KNOWN}, {}, "every value of train is 3"),
    ],
    ids=str,
)
def test_masks_that_can_not_be_are_refused_in_one_line(tmp_path, arrays, options, message):
    with pytest.raises(ValueError, match=message) as error:
        data.load(saved(tmp_path, **arrays), **options)
    assert "\n" not in str(error.value)


def test_what_can_not_be_is_said(tmp_path):
    name = saved(tmp_path, x=IMAGES, mask=KNOWN)
    with pytest.raises(ValueError, match="only examples of which all is known are streamed"):
        data.load(name, memory_limit_gb=1e-7)
    with pytest.raises(ValueError, match="missing is for dataset=npz:PATH, got dataset=digits"):
        data.load("digits", missing="nan")
    with pytest.raises(ValueError, match="missing must be one of nan, got zero"):
        data.load(name, missing="zero")
    # An outline of things in the images is no mask of what is known.
    outlined = saved(tmp_path, x=IMAGES, mask=IMAGES)
    assert data.load(outlined).train.mask is None


def settled(name, **options):
    config = keras_vae.recipe("vae", dataset=name, likelihood="normal", **options)
    return settling.settle(config, run_data.load_data(config)).check()


def test_the_config_stores_that_values_are_unknown(tmp_path):
    name = saved(tmp_path, x=IMAGES, mask=KNOWN)
    assert settled(name).model.sees_mask
    assert not settled("digits").model.sees_mask
    for options, message in (
        ({"condition": "image_part"}, "all of a given part of x must be known"),
        ({"network": "bars"}, "network=bars reads pitches"),
    ):
        with pytest.raises(ValueError, match=message):
            settled(name, **options)
