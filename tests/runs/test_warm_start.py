"""A training that begins with another one's weights."""

import shutil

import numpy as np
import pytest

import keras_vae
from keras_vae import priors
from keras_vae.building import settling
from keras_vae.runs import run_data, warm_start
from tests import tiny
from tests.in_process import TINY


@pytest.fixture
def saved(tmp_path):
    """A saved model of random weights."""
    model = tiny.randomize(tiny.vae())
    model.save(tmp_path / "first.keras")
    return tmp_path / "first.keras", model


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_weights_are_the_others(saved, policy):
    path, first = saved
    options = {"ema_decay": 0.9, "dtype_policy": policy}
    config = tiny.config(recipe="iwae", warm_start=str(path), **options)
    second = keras_vae.build(config)
    warm_start.check_source(second, config)
    warm_start.begin_with_source(second, config, None)
    for a, b in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(second.ema.averages, second.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_mixture_begins_where_it_fits_the_codes(saved, monkeypatch):
    path, first = saved
    x = tiny.images(200)
    batch = keras_vae.batches.Batch(x, None, None)
    monkeypatch.setattr(run_data, "evaluation_batches", lambda *_, **__: [batch])
    config = tiny.config(prior="mixture", prior_components=2, warm_start=str(path))
    second = keras_vae.build(config)
    before = second.prior.distribution()
    warm_start.begin_with_source(second, config, None)
    codes = first.code(x)
    fitted = second.prior.distribution().log_prob(codes)
    assert np.mean(fitted) > np.mean(before.log_prob(codes))
    # The mixture that EM ends with has the codes' mean.
    np.testing.assert_allclose(second.prior.moments()[0], np.mean(codes, axis=0), atol=1e-3)


def test_priors_of_maps_begin_as_those_of_flat_latents_do(tmp_path):
    options = {"likelihood": "continuous_bernoulli", "network": "conv", "filters": (4, 4)}
    config = keras_vae.recipe("vae", **options, latent_shape=(2, 2, 1), prior_components=10)
    dataset = run_data.load_data(config.replace(prior="mixture"))
    config = settling.settle(config.replace(prior="mixture"), dataset).replace(
        warm_start=str(tmp_path / "first.keras")
    )
    first = tiny.randomize(keras_vae.build(config.replace(prior="standard_normal")))
    first.save(tmp_path / "first.keras")
    mixture = keras_vae.build(config)
    warm_start.check_source(mixture, config)
    warm_start.begin_with_source(mixture, config, dataset)
    codes = first.code(dataset.train.array)
    # The mixture that EM ends with has the codes' mean.
    np.testing.assert_allclose(mixture.prior_moments()[0], np.mean(codes, axis=0), atol=1e-3)
    config = config.replace(prior="vamp")
    vamp = keras_vae.build(config)
    warm_start.begin_with_source(vamp, config, dataset)
    chosen = np.arange(10) * (dataset.train.num_examples // 10)
    wanted = np.clip(dataset.train.array[chosen], 0.05, 0.95)
    np.testing.assert_allclose(vamp.prior.prior.pseudo_inputs, wanted, atol=1e-6)
    # A prior of the same kind takes the weights of the other run.
    vamp.save(tmp_path / "first.keras")
    again = keras_vae.build(config)
    warm_start.begin_with_source(again, config, dataset)
    np.testing.assert_array_equal(again.prior.prior.raw_inputs, vamp.prior.prior.raw_inputs)


def test_layers_of_maps_begin_as_those_of_another_objective(tmp_path):
    options = {"recipe": "deep", "event_shape": (7, 5, 3), "likelihood_components": 2}
    first = tiny.randomize(tiny.vae(**options))
    first.save(tmp_path / "first.keras")
    options |= {"objective": "free_bits", "warm_start": str(tmp_path / "first.keras")}
    config = tiny.config(**options)
    second = keras_vae.build(config)
    warm_start.check_source(second, config)
    warm_start.begin_with_source(second, config, None)
    for a, b in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    config = tiny.config(**options, stages=("2x1", "1x1"))
    with pytest.raises(ValueError, match="weights of other shapes"):
        warm_start.check_source(keras_vae.build(config), config)


def test_more_components_than_codes_are_refused_before_any_work(saved):
    path, _ = saved
    options = {"prior": "mixture", "prior_components": 6, "warm_start": str(path)}
    config = tiny.config(num_examples=5, **options)
    with pytest.raises(ValueError, match="prior_components=6 can't be fitted to the codes of 5"):
        warm_start.check_source(keras_vae.build(config), config)


@pytest.mark.parametrize("condition", ["none", "label"])
def test_pseudo_inputs_begin_at_training_images(tmp_path, condition):
    digits = {"likelihood": "continuous_bernoulli", "condition": condition, "hidden": (4,)}
    config = keras_vae.recipe("vae", **digits)
    dataset = run_data.load_data(config)
    config = settling.settle(config, dataset)
    keras_vae.build(config).save(tmp_path / "first.keras")
    config = config.replace(prior="vamp", warm_start=str(tmp_path / "first.keras"))
    second = keras_vae.build(config)
    warm_start.begin_with_source(second, config, dataset)
    train = dataset.train
    chosen = np.arange(10) * (train.num_examples // 10)
    wanted = np.clip(train.array[chosen], 0.05, 0.95)
    np.testing.assert_allclose(second.prior.pseudo_inputs, wanted, atol=1e-6)
    if condition == "label":
        np.testing.assert_array_equal(np.argmax(second.prior.contexts, 1), train.labels[chosen])


def test_other_shapes_are_refused(saved):
    path, _ = saved
    config = tiny.config(latent_dim=4, warm_start=str(path))
    with pytest.raises(ValueError, match=r"of other shapes \(\[8, 6\]\) than .* \(\[8, 8\]\)"):
        warm_start.check_source(keras_vae.build(config), config)


def test_a_prior_of_another_kind_keeps_its_beginning(saved):
    path, _ = saved
    config = tiny.config(prior="learned_normal", warm_start=str(path))
    second = keras_vae.build(config)
    warm_start.begin_with_source(second, config, None)
    assert isinstance(second.prior, priors.LearnedNormal)
    np.testing.assert_allclose(second.prior.moments(), [np.zeros(3), np.ones(3)], atol=1e-6)


def test_a_run_that_has_begun_needs_the_other_no_more(run_train, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run_train(*TINY, f"--workdir={first}").code == 0
    flags = (*TINY, f"--warm_start={first}", f"--workdir={second}")
    assert run_train(*flags).code == 0
    shutil.rmtree(first)
    longer = run_train(*flags, "--epochs=4")
    assert longer.code == 0, longer.err
    assert "Resuming at step" in longer.out
