"""Models of maps that options name: which parts they get, and what these compute."""

import numpy as np
import pytest

from keras_vae import posteriors, priors
from keras_vae._compat import tf, tfd
from keras_vae.build import build_fitted_prior
from tests import tiny
from tests.ops.test_places import patches

CONV = {"network": "conv", "filters": (4,), "activation": "tanh", "latent_shape": (4, 3, 2)}


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, priors.StandardNormal),
        ({"prior": "learned_normal"}, priors.LearnedNormal),
        ({"prior": "mixture"}, priors.MixtureOfNormals),
        ({"prior": "vamp"}, priors.VampPrior),
        ({"prior": "real_nvp"}, priors.RealNVP),
        ({"prior": "conditional_normal"}, priors.ConditionalNormal),
    ],
)
def test_flat_priors_are_flattened_and_others_take_the_map(options, kind):
    model = tiny.vae(**CONV, **options)
    assert isinstance(model.encoder.posterior, posteriors.DiagonalNormal)
    assert model.latent_shape == model.prior.latent_shape == (4, 3, 2)
    if kind.takes_maps:
        assert type(model.prior) is kind
    else:
        assert type(model.prior) is priors.Flattened
        assert type(model.prior.prior) is kind


def test_a_prior_that_is_fitted_is_of_standardized_flat_codes():
    options = {"posterior": "deterministic", "prior": "real_nvp"}
    prior = build_fitted_prior(tiny.config(**CONV, **options))
    assert type(prior) is priors.Flattened
    assert type(prior.prior) is priors.Standardized
    assert type(prior.prior.prior) is priors.RealNVP
    codes = np.random.default_rng(0).normal(3.0, 2.0, (20, 4, 3, 2)).astype(np.float32)
    prior.prior.fit = lambda flat, seed: np.testing.assert_array_equal(flat, codes.reshape(20, 24))
    prior.fit(codes)
    prior.fit(codes.reshape(20, 24))
    # Flat latents get the plain fitted prior.
    flat = build_fitted_prior(tiny.config(**options))
    assert type(flat) is priors.Standardized


def test_without_an_encoder_maps_are_drawn_from_the_prior():
    model = tiny.vae(**CONV, recipe="monte_carlo", latent_samples=5)
    x, noise = tiny.images(3), tiny.noise(model, 5, 3)
    terms = model.terms(x, noise)
    np.testing.assert_array_equal(terms.z, np.reshape(noise, (5, 3, 4, 3, 2)))
    np.testing.assert_allclose(terms.log_weight, terms.log_likelihood, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("condition", ["label", "image_part"])
def test_the_decoder_sees_the_condition_at_each_place(condition):
    """A label everywhere, and of an image that is completed the patch that lies there."""
    model = tiny.randomize(tiny.vae(**CONV, condition=condition))
    x, z = tiny.images(2), np.random.default_rng(0).normal(size=(3, 2, 4, 3, 2)).astype(np.float32)
    c = np.array([3, 1], np.int32) if condition == "label" else x
    context = model.condition(tf.constant(c)).numpy()
    if condition == "label":
        beside = np.broadcast_to(context[:, np.newaxis, np.newaxis], (2, 4, 3, tiny.NUM_CLASSES))
    else:
        assert context.shape == (2, 7, 5, 2)
        beside = np.stack([patches(one, 4, 3) for one in context])  # Of 2x2 pixels.
        assert beside.shape == (2, 4, 3, 8)
    rows = np.concatenate([z, np.broadcast_to(beside, (3, *beside.shape))], axis=-1)
    body, projection = model.decoder.network, model.decoder.projection
    logits = projection(body(rows.reshape(6, 4, 3, -1))).numpy().reshape(3, 2, 7, 5, 1)
    log_p = tfd.Bernoulli(logits=logits).log_prob(x).numpy()
    if condition == "image_part":
        log_p = np.where(model.condition.mask, 0.0, log_p)
    wanted = log_p.sum(axis=(2, 3, 4))
    np.testing.assert_allclose(model.decode(z, c).log_prob(x), wanted, rtol=1e-5, atol=1e-5)


def test_the_encoder_gives_parameters_to_each_place():
    model = tiny.randomize(tiny.vae(**CONV))
    x = tiny.images(2)
    kernel, bias, linear, linear_bias = model.encoder.get_weights()
    features = np.tanh(tf.nn.conv2d(x, kernel, 2, "SAME") + bias)
    wanted = (features @ linear + linear_bias)[..., :2]
    np.testing.assert_allclose(model.encode(x).mean(), wanted, rtol=1e-4, atol=1e-5)
