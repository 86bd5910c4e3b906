"""Models with several layers of maps: what goes around them, and what isn't there yet."""

import numpy as np
import pytest

from keras_vae import evaluation
from keras_vae.batches import Batch
from keras_vae.config.structure_rules import has_layers_of_maps
from keras_vae.report import latent_pictures, pictures, run_facts
from tests import tiny

SIZES = {"recipe": "deep", "event_shape": (7, 5, 3), "likelihood_components": 2}
N = 6


@pytest.fixture(scope="module")
def model():
    """Layers of 4x3 (two), 2x2 and 1x1 places, of 2 latents each."""
    stages = ("4x2", "2x1", "1x1")
    return tiny.randomize(tiny.vae(stages=stages, **SIZES), scale=0.2)


@pytest.fixture(scope="module")
def batch(model):
    return Batch(tiny.images_for(model, N), None)


def test_which_models_have_them(model):
    assert model.has_layers_of_maps
    assert has_layers_of_maps(tiny.config(**SIZES).model)
    for others in ({"recipe": "ladder"}, {}, {"network": "conv", "latent_shape": (2, 2, 2)}):
        assert not tiny.vae(**others).has_layers_of_maps
        assert not has_layers_of_maps(tiny.config(**others).model)


@pytest.mark.parametrize(
    ("of_maps", "options", "number"),
    [
        (False, {}, 5000),
        (False, {"usual": 500}, 500),
        (True, {}, 100),
        (True, {"usual": 500}, 10),
        (True, {"wanted": 700}, 700),
    ],
)
def test_importance_samples_are_few_unless_more_are_wanted(of_maps, options, number):
    assert evaluation.num_samples_of(of_maps, **options) == number


def test_a_likelihood_says_how_many_samples_it_is_of(model, batch):
    found = evaluation.likelihood(model, [batch])
    assert found["num_samples"] == 100
    assert len(found["rate_nats_by_layer"]) == 4
    assert found["rate_nats_by_latent"] is None


NOT_YET = "isn't there yet for models with several layers of maps of latents"


def test_what_else_is_not_there_yet_says_so(model):
    with pytest.raises(ValueError, match=f"likelihood regret {NOT_YET}"):
        evaluation.LikelihoodRegret(model)


def test_active_latents_are_those_whose_codes_vary(model, batch):
    codes = model.code(batch.x).numpy()
    threshold = float(np.median(codes.var(axis=0)))
    halves = [Batch(batch.x[:2], None), Batch(batch.x[2:], None)]
    wanted = np.sum(codes.var(axis=0) > threshold)
    assert evaluation.active_units(model, iter(halves), threshold) == wanted == 29


def test_draws_of_the_posterior_are_the_same_in_small_batches(model, batch, monkeypatch):
    whole = evaluation.draw_latents(model, batch)
    many = np.prod(model.decoder.likelihood.params_shape)
    monkeypatch.setattr("keras_vae.evaluation.latent_use._MAX_VALUES", 2 * many)
    for found, wanted in zip(evaluation.draw_latents(model, batch), whole, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_moments_of_the_prior_are_of_fewer_draws_of_many_latents(model):
    asked = []
    draw_noise = type(model.prior).draw_noise

    class Wide(type(model.prior)):
        def draw_noise(self, seed, num_samples):
            asked.append(num_samples)
            return draw_noise(self, seed, num_samples)[:5]

    wide = Wide(model.prior.blocks, model.prior.top)
    wide.moments()
    wide.latent_dim = 10_000
    wide.moments()
    assert asked == [10_000, 419]


def test_layers_of_one_size_are_drawn_anew_together(model, batch, monkeypatch):
    shown = []
    monkeypatch.setattr(
        pictures.plots, "traversals", lambda images, _, names: shown.append((images, names))
    )
    pictures.layers(model, batch, seed=3)
    images, names = shown[0]
    assert names == ["z_1 to z_2 (4x3)", "z_1 to z_3 (2x2)", "z_1 to z_4 (1x1)"]
    np.testing.assert_allclose(images[2, 1:], model.sample(10, seed=3)[1:], atol=1e-6)


def test_codes_are_shown_in_latents_of_the_top_layer(model, batch):
    latents = latent_pictures.measure_latents(model, batch)
    np.testing.assert_allclose(latents.codes, model.code(batch.x), atol=1e-6)
    assert sorted(latents.order) == [56, 57]
    names = [latent_pictures._name(model, latent) for latent in (0, 23, 24, 49, 57)]
    assert names == ["z_1[0,0,0]", "z_1[3,2,1]", "z_2[0,0,0]", "z_3[0,0,1]", "z_4[0,0,1]"]


def test_a_report_counts_layers_of_one_shape(model):
    found = run_facts._latents(tiny.config(**SIZES).model, model)
    assert found == "2 of 4x3x2, 1 of 2x2x2, 1 of 1x1x2"


def test_annealing_agrees_with_plain_monte_carlo():
    model = tiny.randomize(tiny.vae(recipe="deep", likelihood="bernoulli"), 0.1)
    x = tiny.images_for(model, 2)
    temperatures = evaluation.sigmoidal(20)
    sampler = evaluation.AnnealedSampler(model, temperatures, num_chains=16, start="prior")
    _, p = model.generate(model.prior.draw_noise([0, 1], 20_000))
    for image, found in zip(x, sampler(x, seed=0).log_likelihood, strict=True):
        wanted = np.logaddexp.reduce(p.log_prob(image)) - np.log(20_000)
        np.testing.assert_allclose(found, wanted, atol=0.15)
