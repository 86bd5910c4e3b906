"""inputs.resolve: what the data settles, and whether the likelihood suits it."""

import numpy as np
import pytest

import keras_vae
from keras_vae import inputs
from keras_vae.data import digits
from keras_vae.data.images import InMemory


def resolved(dataset, **options):
    config = keras_vae.recipe("vae", dataset=dataset, **options)
    return inputs.resolve(config, inputs.load(config))


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


def test_counts_are_floats_as_they_are(tmp_path):
    x = np.random.default_rng(0).poisson(3.0, (30, 4, 4))
    np.savez(tmp_path / "counts.npz", x=x.astype(np.float64))
    config = resolved(f"npz:{tmp_path / 'counts.npz'}", likelihood="poisson")
    assert config.model.event_shape == (4, 4, 1)
    np.testing.assert_array_equal(inputs.load(config).train.array.dtype, np.float32)
    np.savez(tmp_path / "bytes.npz", x=x)
    with pytest.raises(ValueError, match=r"counts; this data is 8-bit images.*store counts as fl"):
        resolved(f"npz:{tmp_path / 'bytes.npz'}", likelihood="poisson")


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
