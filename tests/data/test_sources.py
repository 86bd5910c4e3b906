import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_vae.data import load, short_name


def test_digits():
    data = load("digits")
    assert [s.num_examples for s in (data.train, data.validation, data.test)] == [1439, 179, 179]
    assert data.train.shape == (8, 8, 1)
    assert data.train.dtype == np.float32
    assert data.train.levels == 17
    np.testing.assert_array_equal(np.unique(data.train.array * 16), np.arange(17))
    assert set(data.train.labels) == set(range(10))
    assert any("test" in note for note in data.notes)


def test_held_out_digits_are_the_same_in_every_run():
    """The stored splits of every run depend on these: a change here breaks old runs."""
    data = load("digits", seed=7, stratified=False)
    assert data.test.labels[:12].tolist() == [5, 2, 4, 0, 8, 6, 1, 9, 2, 3, 0, 1]
    assert data.validation.labels[:12].tolist() == [5, 0, 8, 1, 9, 5, 8, 2, 8, 0, 1, 7]
    data = load("digits", seed=7)
    assert data.test.labels[:12].tolist() == [5, 7, 2, 4, 6, 1, 9, 2, 3, 0, 1, 0]
    assert data.validation.labels[:12].tolist() == [4, 5, 0, 8, 9, 5, 8, 7, 2, 0, 9, 4]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("npz", {}, "must say where: npz:PATH"),
        ("folder:", {}, "must say where: folder:PATH"),
        ("digits", {"npz_keys": ["train=x"]}, "npz_keys is for dataset=npz:PATH"),
        ("digits", {"frames": "all"}, "frames is for dataset=folder:PATH, got dataset=digits"),
        ("digits", {"max_pixels": 9}, "max_pixels is for dataset=folder:PATH"),
        ("digits", {"resize": "pad"}, "resize=pad needs a size, as in image_size=64"),
        ("digits", {"resize": "zoom", "image_size": 8}, "resize must be one of crop, pad, stretch"),
        ("digits", {"alpha_background": "pink"}, "alpha_background must be white, black or a col"),
        ("digits", {"image_size": 32}, "got image_size=32 with dataset=digits of 8x8"),
        ("digits", {"validation_size": 5000}, "validation_size must be .*got 5000"),
        ("digits", {"channels": "first"}, "channels=first is for dataset=npz:PATH"),
        ("sprites", {"grey_levels": 17}, "grey_levels is for folders, npz and TFDS sets, got"),
        ("npy", {}, "must say where: npy:PATH"),
    ],
)
def test_bad_requests_are_refused_in_one_line(name, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        load(name, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["folder:{}", "npz:{}/x.npz", "npz:{}", "chorales:{}/x", "folder:{}/none", "{}", "{}/b"]
)
def test_errors_of_paths_with_several_lines_are_one_line(tmp_path, name):
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "a\nb" / "x.npz").write_bytes(b"no npz")
    (tmp_path / "a\nb" / "x").write_bytes(b"no chorales")
    with pytest.raises((ValueError, OSError), match=r"a\\nb") as caught:
        load(name.format(tmp_path / "a\nb"), data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)


def test_notes_of_paths_with_several_lines_are_one_line(tmp_path):
    for split in ("train", "test"):
        for i in range(12):
            folder = tmp_path / "a\nb" / "photos" / split
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((2, 2), 70 + i, np.uint8)).save(folder / f"{i}.png")
    notes = load(f"folder:{tmp_path}/a\nb").notes
    assert f"the splits are in photos, all there is in {tmp_path}/a\\nb" in notes
    assert "\n" not in "".join(notes)


def test_import_loads_no_dataset_package():
    code = (
        "import sys, tf_keras; before = set(sys.modules); import keras_vae.data; "
        "print([m for m in ('tensorflow_datasets', 'sklearn', 'PIL') "
        "if m in sys.modules and m not in before])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("digits", "digits"),
        ("mnist:3.0.1", "mnist"),
        ("smallnorb/a:2.0.0", "smallnorb-a"),
        ("npz:~/some/faces.npz", "faces"),
        ("folder:photos/cats/", "cats"),
        ("npy:~/some/faces.npy", "faces"),
    ],
)
def test_short_names(name, short):
    assert short_name(name) == short
