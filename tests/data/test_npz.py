import io
import zipfile

import numpy as np
import pytest

from keras_vae.data import load

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (100, 6, 5), dtype=np.uint8)


def save(folder, **arrays):
    path = folder / "made.npz"
    np.savez(path, **arrays)
    return f"npz:{path}"


def test_single_array_is_split_by_seed(tmp_path):
    name = save(tmp_path, x=IMAGES, x_labels=np.arange(100))
    first, again, other = load(name, seed=1), load(name, seed=1), load(name, seed=2)
    sizes = [split.num_examples for split in (first.train, first.validation, first.test)]
    assert sizes == [80, 10, 10]
    rows = np.concatenate([split.labels for split in (first.train, first.validation, first.test)])
    np.testing.assert_array_equal(np.sort(rows), np.arange(100))
    np.testing.assert_array_equal(first.test.array[..., 0], IMAGES[first.test.labels])
    np.testing.assert_array_equal(first.validation.labels, again.validation.labels)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint
    assert not np.array_equal(first.test.labels, other.test.labels)
    # The test split does not depend on how many are held out for validation.
    np.testing.assert_array_equal(
        load(name, validation_size=30, seed=1).test.labels, first.test.labels
    )
    assert load(name, validation_size=0).validation is None
    assert load(name, validation_size=30).train.num_examples == 60


def test_own_splits_are_used(tmp_path):
    name = save(
        tmp_path,
        train_images=IMAGES[:70],
        valid_images=IMAGES[70:90],
        test_images=IMAGES[90:],
        test_labels=np.arange(10),
    )
    data = load(name)
    np.testing.assert_array_equal(data.validation.array[..., 0], IMAGES[70:90])
    np.testing.assert_array_equal(data.test.labels, np.arange(10))
    assert data.train.labels is None
    assert load(name, validation_size=5).validation.num_examples == 5
    assert load(name, validation_size=5).train.num_examples == 70


@pytest.mark.parametrize("keys", [{"train": "a", "test": "b"}, ["train=a", "test=b"]])
def test_other_names(tmp_path, keys):
    data = load(save(tmp_path, a=IMAGES[:50], b=IMAGES[50:]), npz_keys=keys)
    np.testing.assert_array_equal(data.test.array[..., 0], IMAGES[50:])
    assert (data.train.num_examples, data.validation.num_examples) == (45, 5)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"a": IMAGES}, {}, "has no train_images or x; it holds a"),
        ({"a": IMAGES}, {"npz_keys": ["train=b"]}, "has no b; it holds a"),
        ({"a": IMAGES}, {"npz_keys": ["images=a"]}, "npz_keys must give train=KEY"),
        ({"a": IMAGES}, {"npz_keys": ["train"]}, "npz_keys must give train=KEY"),
        ({"a": IMAGES}, {"npz_keys": ["train=a", "train=a"]}, "train=KEY .* each once"),
        ({"a": IMAGES}, {"npz_keys": ["train=a", "test=a"]}, "each role an array of its own"),
        ({"x": np.full((9, 2, 2), np.nan)}, {}, "must be finite"),
        ({"x": np.ones((9, 2, 2))}, {}, "every value of train is 1"),
        ({"x": np.ones((9, 4))}, {}, r"must have shape .* got \[9, 4\].*x.reshape\(-1, 2, 2\)"),
        ({"x": np.array([{}, {}])}, {}, "must hold plain arrays under x"),
        (
            {"train_images": IMAGES, "test_labels": np.arange(9)},
            {},
            "has labels of test, test_labels, without its images",
        ),
        ({"x": IMAGES}, {"validation_size": 90}, "validation_size must be .* less than the 90"),
        ({"x": IMAGES}, {"validation_size": -1}, "validation_size must be at least 1"),
        ({"x": IMAGES[:1]}, {}, "test split must be .* less than the 1 images"),
        ({"x": IMAGES}, {"image_size": 8}, "image_size resizes folders and TFDS sets"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path, arrays, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        load(save(tmp_path, **arrays), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("binary", [False, True])
def test_large_files_are_streamed(tmp_path, binary):
    images = np.where(IMAGES > 99, 255, 0).astype(np.uint8) if binary else IMAGES
    arrays = {"x": images, "x_labels": np.arange(100)}
    name = save(tmp_path, **arrays)
    data = load(name, memory_limit_gb=2e-6)
    splits = (data.train, data.validation, data.test)
    assert [split.num_examples for split in splits] == [80, 10, 10]
    assert len(data.train.chunk_sizes) > 5
    assert any("streamed in" in note for note in data.notes)
    rows = np.concatenate([split.labels for split in splits])
    np.testing.assert_array_equal(np.sort(rows), np.arange(100))
    assert 0.1 < np.mean(np.diff(rows) > 0) < 0.9  # sorted at most within a chunk
    for split in splits:
        assert split.dtype == (bool if binary else np.uint8)
        wanted = images[split.labels] > 0 if binary else images[split.labels]
        np.testing.assert_array_equal(split.array[..., 0], wanted)
    assert data.fingerprint == load(name, memory_limit_gb=2e-6).fingerprint
    changed = save(tmp_path, **arrays | {"x": images[::-1]})
    assert data.fingerprint != load(changed, memory_limit_gb=2e-6).fingerprint


@pytest.mark.parametrize("memory_limit_gb", [1.0, 2e-6])  # in memory, and streamed
def test_a_flipped_bit_is_found(tmp_path, memory_limit_gb):
    name = save(tmp_path, x=IMAGES)
    file = tmp_path / "made.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"Bad CRC-32 for file 'x\.npy'") as caught:
        load(name, memory_limit_gb=memory_limit_gb)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("channels_first", [False, True])
def test_streamed_files_are_on_the_scale_of_all_their_images(tmp_path, channels_first):
    few = 1 + np.tile(IMAGES % 15, (1, 2, 2))
    few[90, 0, :2] = 0, 40  # far behind those that are looked at first
    x = np.stack([few, few, few], 1 if channels_first else -1)
    name = save(tmp_path, train_x=x, train_y=np.arange(100) % 3 + 5, test_x=np.maximum(x % 8, 1))
    data = load(name, memory_limit_gb=5e-6)
    assert data.train.levels == data.test.levels == 41
    assert data.train.shape == (12, 10, 3)
    assert data.train.class_names == ("5", "6", "7")
    wanted = np.moveaxis(x, 1, -1) if channels_first else x
    held = np.concatenate([data.train.array, data.validation.array])
    assert {image.tobytes() for image in held} == {image.tobytes() for image in wanted}
    assert [note for note in data.notes if "from 0 to 40 are taken as 41 levels" in note]
    assert not [note for note in data.notes if "not label by label" in note]
    assert load(name, memory_limit_gb=5e-6, grey_levels=256).train.levels == 256
    assert load(name, memory_limit_gb=5e-6, grey_levels=41).train.levels == 41
    counts = load(name, memory_limit_gb=5e-6, values="counts").train
    assert (counts.levels, counts.dtype) == (None, np.uint8)
    for values, message in [("unit", "for grey_levels=20, got 0 to 40"), ("real", "are real numb")]:
        with pytest.raises(ValueError, match=message):
            load(name, memory_limit_gb=5e-6, grey_levels=20, values=values)


def test_large_files_that_cannot_be_streamed_are_refused(tmp_path):
    floats = save(tmp_path, x=IMAGES / 255)
    with pytest.raises(ValueError, match="only 8-bit images are streamed"):
        load(floats, memory_limit_gb=2e-6)
    np.savez_compressed(tmp_path / "small.npz", x=IMAGES)
    with pytest.raises(ValueError, match=r"small.npz is larger .* compressed, so that it can't"):
        load(f"npz:{tmp_path}/small.npz", memory_limit_gb=2e-6)
    with pytest.raises(ValueError, match=r"must hold plain arrays, and x\.npy holds objects"):
        load(save(tmp_path, x=np.array([{}, {}])), memory_limit_gb=1e-9)
    with pytest.raises(ValueError, match="one whole number for each of the 100 images"):
        load(save(tmp_path, x=IMAGES, x_labels=np.arange(9)), memory_limit_gb=2e-6)


def test_a_member_shorter_than_its_array_is_refused(tmp_path):
    content = io.BytesIO()
    np.save(content, IMAGES)
    with zipfile.ZipFile(tmp_path / "cut.npz", "w") as file:
        file.writestr("x.npy", content.getvalue()[:-50])
    for limit in (4.0, 2e-6):
        with pytest.raises(ValueError, match=r"must hold plain arrays|is shorter than its array"):
            load(f"npz:{tmp_path / 'cut.npz'}", memory_limit_gb=limit)


def test_what_is_no_npz_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="must name a file"):
        load(f"npz:{tmp_path}/missing.npz")
    for name, content in [
        ("text.npz", b"hello"),
        ("zip.npz", b"PK\x03\x04 broken"),
        ("0.npz", b""),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="is no npz"):
            load(f"npz:{tmp_path / name}")


def test_frey_faces(shared_data):
    data = load(f"npz:{shared_data}/npz/frey_faces_28x20.npz")
    assert data.train.shape == (28, 20, 1)
    assert [s.num_examples for s in (data.train, data.validation, data.test)] == [1565, 200, 200]
    assert (data.train.array.min(), data.train.array.max()) == (8, 238)
    assert data.train.levels == 256


def test_binarized_mnist_is_bool(shared_data):
    data = load(f"npz:{shared_data}/npz/binarized_mnist_28x28.npz")
    assert data.train.dtype == bool
    means = [split.array.mean() for split in (data.train, data.validation, data.test)]
    np.testing.assert_allclose(means, [0.130562, 0.131127, 0.132512], atol=1e-6)


def test_music_is_no_image(shared_data):
    with pytest.raises(ValueError, match=r"it holds .*train_pitches"):
        load(f"npz:{shared_data}/npz/jsb_chorales_16th.npz")


def test_other_arrays_of_the_shared_sets_are_named(shared_data):
    faces = load(f"npz:{shared_data}/npz/orl_faces_glasses_64x64.npz")
    assert faces.train.class_names == ("no_glasses", "glasses")
    assert faces.notes[0].startswith("not used: train_person, test_person ")
    people = load(
        f"npz:{shared_data}/npz/orl_faces_glasses_64x64.npz",
        npz_keys=["train=train_images", "train_labels=train_person"],
    )
    assert len(people.train.class_names) == len(set(people.train.labels)) == 28
    tiles = load(
        f"npz:{shared_data}/npz/magnetic_tile_64x64.npz",
        npz_keys={
            "train": "train_images",
            "test": "test_images",
            "test_labels": "test_defects",
            "class_names": "defect_names",
        },
    )
    assert len(tiles.test.class_names) == 6
    assert tiles.test.class_names[:2] == ("free", "blowhole")
    assert tiles.train.labels is None
