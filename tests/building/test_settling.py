"""settling.resolve: what the data settles, and whether the likelihood suits it."""

import json

import numpy as np
import pytest

import keras_vae
from keras_vae.building import settling
from keras_vae.data import digits
from keras_vae.data.split import InMemory
from keras_vae.runs import run_data
from tests import tiny


def resolved(dataset, **options):
    config = keras_vae.recipe("vae", dataset=dataset, **options)
    return settling.settle(config, run_data.load_data(config))


@pytest.mark.parametrize("likelihood", ["discretized_logistic", "logistic_mixture", "categorical"])
def test_values_are_checked_against_the_datas_own_levels(likelihood):
    config = resolved("digits", likelihood=likelihood)
    assert config.model.levels == 17
    assert config.data.binarization == "none"


def test_names_of_classes_come_from_the_data(monkeypatch):
    """With them, a class without an image is one too; only a condition of labels needs them."""
    names = tuple("kjihgfedcba")  # Ten of digits, and another.
    found = digits.read()["train"]
    monkeypatch.setattr(
        digits,
        "read",
        lambda: {"train": InMemory(found.array, found.labels, 17, class_names=names)},
    )
    for condition, wanted in (("label", (names, 11)), ("none", (None, None))):
        model = resolved("digits", condition=condition).model
        assert (model.class_names, model.num_classes) == wanted
    assert keras_vae.build(resolved("digits", condition="label")).condition.names == names


@pytest.mark.parametrize(
    ("dtype", "kept"), [(np.float64, np.float32), (np.uint8, np.uint8), (np.int64, np.uint8)]
)
def test_counts_are_as_they_are(tmp_path, dtype, kept):
    x = np.random.default_rng(0).poisson(3.0, (30, 4, 4)).astype(dtype)
    np.savez(tmp_path / "counts.npz", x=x)
    name = f"npz:{tmp_path / 'counts.npz'}"
    config = resolved(name, likelihood="poisson")
    assert config.model.event_shape == (4, 4, 1)
    assert config.model.levels is None
    images = run_data.load_data(config).train
    assert images.dtype == kept
    assert {image.tobytes() for image in images.array} <= {i.astype(kept).tobytes() for i in x}
    with pytest.raises(ValueError, match="counts aren't grey values to make black or white"):
        resolved(name, likelihood="poisson", binarization="threshold")


def test_grey_values_are_no_counts(tmp_path):
    x = np.random.default_rng(0).integers(0, 17, (30, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "grey.npz", x=x)
    config = keras_vae.recipe("vae", dataset=f"npz:{tmp_path / 'grey.npz'}", likelihood="poisson")
    grey = run_data.load_data(config.replace(likelihood="normal"))
    with pytest.raises(ValueError, match=r"loaded as images of 17 levels\. Load it with val"):
        settling.settle(config, grey)


@pytest.mark.parametrize("likelihood", ["discretized_logistic", "normal"])
@pytest.mark.parametrize(("highest", "levels"), [(16, 17), (254, 256), (4000, 4096)])
def test_the_model_has_the_levels_of_whole_numbers(tmp_path, likelihood, highest, levels):
    x = np.random.default_rng(0).integers(0, highest + 1, (90, 4, 4))
    np.savez(tmp_path / "made.npz", x=x)
    config = resolved(f"npz:{tmp_path / 'made.npz'}", likelihood=likelihood)
    assert config.model.levels == (min(levels, 256) if "logistic" in likelihood else levels)


def test_a_run_of_old_ids_gets_its_labels_back(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (90, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "made.npz", x=x, y=np.arange(90) % 9 + 1)
    name = f"npz:{tmp_path / 'made.npz'}"
    config = keras_vae.recipe("cvae", dataset=name)
    new = run_data.load_data(config)
    assert set(new.train.labels) == set(range(9))
    stored = config.replace(num_classes=10, grey_levels=256, stratified=False)
    old = run_data.load_data(stored)
    run = tmp_path / "run"
    run.mkdir()
    described = tiny.described(stored, fingerprint=old.fingerprint)
    (run / "config.json").write_text(json.dumps(described))
    (run / "checkpoints").mkdir()
    _, found = run_data.load_config_and_data(run)
    for split in (found.train, found.validation, found.test):
        rows = [np.flatnonzero((x == image).all((1, 2)))[0] for image in split.array[..., 0]]
        np.testing.assert_array_equal(split.labels, np.array(rows) % 9 + 1)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli"])
@pytest.mark.parametrize("split", ["valid", "test"])
def test_every_split_is_checked(tmp_path, likelihood, split):
    x = np.random.default_rng(0).uniform(size=(30, 4, 4)).astype(np.float32)
    arrays = {f"{name}_images": x for name in ("train", "valid", "test")}
    np.savez(tmp_path / "good.npz", **arrays)
    assert resolved(f"npz:{tmp_path / 'good.npz'}", likelihood=likelihood)
    np.savez(tmp_path / "bad.npz", **(arrays | {f"{split}_images": 2.0 * x}))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        resolved(f"npz:{tmp_path / 'bad.npz'}", likelihood=likelihood)
