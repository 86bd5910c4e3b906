"""Latents with a place: maps [h, w, d] in place of flat codes."""

import math

import numpy as np
import pytest

import keras_vae
from keras_vae import Decoder, Encoder, evaluation, likelihoods, objectives, posteriors, priors
from keras_vae._compat import tf, tfd, tfk, tfkl
from keras_vae.batches import Batch
from tests import tiny

MAP = (3, 2, 2)
EVENT_SHAPE = (6, 4, 1)
PRIORS = {
    "standard normal": lambda: priors.StandardNormal(MAP),
    "learned normal": lambda: priors.LearnedNormal(MAP),
    "vamp": lambda: priors.Flattened(priors.VampPrior(math.prod(MAP), 3), MAP),
    "flow": lambda: priors.Flattened(priors.RealNVP(math.prod(MAP), 2, 4), MAP),
}


def make(prior, posterior=None, scale=0.3):
    """A VAE of few weights whose latents are maps."""
    tfk.utils.set_random_seed(0)
    down = tfk.Sequential([tfkl.Conv2D(4, 3, 2, "same", activation="tanh")])
    up = tfk.Sequential([tfkl.Conv2DTranspose(4, 3, 2, "same", activation="tanh")])
    model = keras_vae.VAE(
        Encoder(down, posterior or posteriors.DiagonalNormal(MAP)),
        Decoder(up, likelihoods.Bernoulli(EVENT_SHAPE), latent_rank=3),
        prior,
    )
    return tiny.randomize(model, scale)


def images(n, seed=0):
    return tiny.images(n, event_shape=EVENT_SHAPE, seed=seed)


@pytest.fixture(scope="module", params=PRIORS)
def model(request):
    model = make(PRIORS[request.param]())
    model.compile(tiny.sgd(0.01))
    return model


def test_terms_are_the_densities_of_independent_normals(model):
    x, noise = images(5), tiny.noise(model, 3, 5)
    terms = model.terms(x, noise)
    features = model.encoder.projection(model.encoder.network(x)).numpy()
    loc, raw = np.split(features, 2, axis=-1)
    scale = np.log1p(np.exp(raw + np.float32(np.log(np.expm1(1.0))))) + np.float32(1e-5)
    z = loc + scale * np.reshape(noise, (3, 5, *MAP))
    np.testing.assert_allclose(terms.z, z, rtol=1e-5, atol=1e-5)
    log_q = tfd.Normal(loc, scale).log_prob(z).numpy().sum(axis=(2, 3, 4))
    np.testing.assert_allclose(terms.log_posterior, log_q, rtol=1e-5, atol=1e-5)
    logits = model.decoder.projection(model.decoder.network(z.reshape(-1, *MAP)))[..., 0]
    log_p = tfd.Bernoulli(logits=logits.numpy().reshape(3, 5, *EVENT_SHAPE)).log_prob(x)
    wanted = log_p.numpy().sum(axis=(2, 3, 4))
    np.testing.assert_allclose(terms.log_likelihood, wanted, rtol=1e-5)


def test_a_standard_normal_of_maps_is_one_of_their_values():
    model = make(priors.StandardNormal(MAP))
    terms = model.terms(images(5), tiny.noise(model, 3, 5))
    flat = np.reshape(terms.z, (3, 5, -1))
    wanted = tfd.MultivariateNormalDiag(np.zeros(12, np.float32)).log_prob(flat)
    np.testing.assert_allclose(terms.log_prior, wanted, rtol=1e-5)
    assert terms.kl.shape == (5, 12)  # The closed form, latent by latent.
    q = model.encode(images(5))
    wanted = 0.5 * (q.mean() ** 2 + q.stddev() ** 2 - 1.0) - tf.math.log(q.stddev())
    np.testing.assert_allclose(terms.kl, np.reshape(wanted, (5, 12)), rtol=1e-4, atol=1e-5)


def test_a_flat_prior_gives_maps_the_density_of_their_values():
    flat = priors.RealNVP(12, 2, 4)
    prior = priors.Flattened(flat, MAP)
    z = np.random.default_rng(0).normal(size=(4, *MAP)).astype(np.float32)
    wanted = flat.distribution().log_prob(z.reshape(4, 12))
    np.testing.assert_allclose(prior.distribution().log_prob(z), wanted, rtol=1e-6)
    noise = prior.draw_noise([0, 1], 4)
    np.testing.assert_array_equal(
        np.reshape(prior.from_noise(noise), (4, 12)), flat.from_noise(noise)
    )


def test_a_vamp_prior_of_maps_is_the_mixture_of_the_posteriors_at_its_inputs():
    model = make(PRIORS["vamp"]())
    q = model.encoder(model.prior.prior.pseudo_inputs)
    z = np.random.default_rng(0).normal(size=(4, *MAP)).astype(np.float32)
    each = q.log_prob(z[:, np.newaxis])
    wanted = tf.reduce_logsumexp(each, axis=-1) - np.log(3.0)
    np.testing.assert_allclose(model.prior_distribution().log_prob(z), wanted, rtol=1e-4)
    x = images(4)
    wanted = np.argmax(q.log_prob(model.code(x)[:, np.newaxis]), axis=-1)
    np.testing.assert_array_equal(model.clusters(x), wanted)


def test_maps_train_measure_and_draw(model, tmp_path):
    x = images(32)
    before = model.evaluate(x, verbose=0, return_dict=True)["elbo_nats"]
    model.fit(x, epochs=8, batch_size=8, verbose=0)
    assert model.evaluate(x, verbose=0, return_dict=True)["elbo_nats"] > before
    likelihood = model.log_likelihood(x[:8], num_samples=200)
    elbo = model.terms(x[:8], tiny.noise(model, 200, 8)).elbo_nats
    assert np.all(likelihood > elbo - 0.1)
    images_of = model.sample(3, seed=0)
    assert images_of.shape == (3, *EVENT_SHAPE)
    path = tmp_path / "maps.keras"
    model.save(path)
    np.testing.assert_allclose(keras_vae.load(path).sample(3, seed=0), images_of, rtol=1e-6)


def test_maps_are_decoded_as_they_are_or_flat(model):
    z = np.random.default_rng(0).normal(size=(5, *MAP)).astype(np.float32)
    means = model.decode(z).mean()
    np.testing.assert_array_equal(model.decode(model.flat(z)).mean(), means)
    with pytest.raises(ValueError, match=r"z must be \[\.\.\., B, 3, 2, 2\], got \[5, 11\]"):
        model.decode(np.zeros((5, 11)))


def test_interpolation_goes_through_maps(model):
    x = images(2)
    way = model.interpolate(x[:1], x[1:], steps=3)
    codes = model.code(x)
    middle = model.decode(0.5 * (codes[:1] + codes[1:])).mean()
    np.testing.assert_allclose(way[1], middle, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gradient", ["stl", "dreg"])
def test_gradients_of_one_sample_are_those_of_the_elbo_in_expectation(gradient):
    """With one sample DReG and STL are the same estimator."""
    model, x = make(priors.StandardNormal(MAP)), images(4)
    noise = tiny.noise(model, 1, 4)

    def of(objective):
        model.compile("sgd", objective)
        batch = Batch(x, noise, None)

        def loss():
            return tf.reduce_mean(tiny.loss_of(objective, model.step_terms(batch), 1.0))

        return tiny.gradients(model, loss)

    value, grads = of(objectives.ImportanceWeighted(1, gradient))
    same, others = of(objectives.ImportanceWeighted(1, "stl"))
    assert value == same
    for a, b in zip(grads, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_annealing_agrees_with_plain_monte_carlo():
    model, x = make(priors.StandardNormal(MAP), scale=0.1), images(3)
    sampler = evaluation.AnnealedSampler(model, evaluation.sigmoidal(20), 32, start="prior")
    found = sampler(x, seed=0)
    p = model.decode(tf.random.stateless_normal([20_000, 1, *MAP], [0, 1]))
    wanted = tf.reduce_logsumexp(p.log_prob(x), axis=0) - np.log(20_000.0)
    np.testing.assert_allclose(found.log_likelihood, wanted, atol=0.15)


def test_an_autoencoder_of_maps_gets_a_prior_fitted():
    model = make(None, posteriors.Deterministic(MAP))
    codes = model.code(images(50))
    model.fit_prior(priors.Flattened(priors.GaussianMixture(12, 2), MAP), codes)
    assert model.sample(2, seed=0).shape == (2, *EVENT_SHAPE)
    wanted = np.mean(np.reshape(codes, (50, 12)), axis=0)
    np.testing.assert_allclose(model.flat(model.prior_moments()[0]), wanted, rtol=1e-3, atol=1e-4)


def test_a_map_of_another_place_is_refused():
    with pytest.raises(ValueError, match=r"features of shape \(3, 2, 4\); wanted \(2, 2, 'any'\)"):
        make(priors.StandardNormal((2, 2, 2)), posteriors.DiagonalNormal((2, 2, 2)))
    with pytest.raises(ValueError, match="latent_dim must be one whole number for RealNVP"):
        priors.RealNVP(MAP)
    with pytest.raises(ValueError, match="as many values as the prior has latents, 4, got"):
        priors.Flattened(priors.StandardNormal(4), MAP)
