"""VAE: scoring, inferring and generating."""

import numpy as np
import pytest

from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, objectives, posteriors, priors
from keras_vae._compat import tf, tfd
from tests import tiny


@pytest.fixture(scope="module")
def model():
    return tiny.randomize(tiny.vae())


@pytest.fixture(scope="module")
def identity():
    """Encoder and decoder whose means are the identity: images [2, 2, 1] are z [4]."""
    encoder = (np.eye(4), np.zeros(4), np.full(4, 0.5))
    return tiny.linear_normal(np.eye(4), np.zeros(4), 0.3, (2, 2, 1), encoder)


# Scoring ---------------------------------------------------------------------------------------


def test_terms_are_the_parts_log_densities(model):
    x, noise = tiny.images(6), tiny.noise(model, 4, 6)
    terms = model.terms(x, noise)
    q = model.encode(x)
    z = q.mean() + q.stddev() * noise
    np.testing.assert_allclose(terms.z, z, rtol=1e-6)
    np.testing.assert_allclose(terms.log_likelihood, model.decode(z).log_prob(x), rtol=1e-5)
    np.testing.assert_allclose(terms.log_posterior, q.log_prob(z), rtol=1e-5)
    prior = tfd.MultivariateNormalDiag(tf.zeros(3), tf.ones(3))
    np.testing.assert_allclose(terms.log_prior, prior.log_prob(z), rtol=1e-5)
    assert terms.log_likelihood.shape == terms.log_posterior.shape == (4, 6)
    assert terms.kl.shape == (6, 3)


def test_an_autoencoder_has_a_likelihood_and_no_densities():
    model = tiny.vae(posterior="deterministic")
    x = tiny.images(6)
    terms = model.terms(x, tiny.noise(model, 2, 6))
    assert not terms.has_bound
    assert terms.log_prior is terms.log_posterior is terms.kl is None
    wanted = model.decode(model.encode(x).mean()).log_prob(x)
    np.testing.assert_allclose(terms.log_likelihood, [wanted, wanted], rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "floats"),
    [
        (lambda x: (255 * x).astype(np.uint8), lambda x: x),
        (lambda x: x.astype(bool), lambda x: x),
        (lambda x: x.astype(np.int64), lambda x: x),
        (lambda x: x[..., 0], lambda x: x),
    ],
    ids=["bytes", "bool", "whole numbers", "without channels"],
)
def test_examples_of_any_dtype_are_pixels(model, given, floats):
    x, noise = tiny.images(6), tiny.noise(model, 1, 6)
    a, b = model.terms(given(x), noise), model.terms(floats(x), noise)
    np.testing.assert_allclose(a.log_likelihood, b.log_likelihood, rtol=1e-5)
    np.testing.assert_allclose(a.kl, b.kl, rtol=1e-4)
    means = model.encode(given(x)).mean(), model.encode(floats(x)).mean()
    np.testing.assert_allclose(*means, rtol=1e-5, atol=1e-6)


def test_a_likelihood_of_values_without_mass_is_refused(model):
    with pytest.raises(ValueError, match="gives no mass"):
        model.log_likelihood(0.2 * tiny.images(6), 5)


# Inferring and generating ----------------------------------------------------------------------


@pytest.mark.parametrize("posterior", ["diagonal", "full_covariance"])
def test_the_code_of_a_normal_posterior_is_its_mean(posterior):
    model, x = tiny.randomize(tiny.vae(posterior=posterior)), tiny.images(6)
    np.testing.assert_allclose(model.code(x), model.encode(x).mean(), rtol=1e-6)


def test_reconstructions_are_the_decoded_means(model):
    x = tiny.images(6)
    wanted = model.decode(model.encode(x).mean()).mean()
    np.testing.assert_array_equal(model.reconstruct(x), wanted)


def test_samples_are_the_seeds(model):
    np.testing.assert_array_equal(model.sample(4, seed=1), model.sample(4, seed=1))
    assert (model.sample(4, seed=1) != model.sample(4, seed=2)).numpy().any()
    assert (model.sample(4) != model.sample(4)).numpy().any()


def test_temperature_zero_decodes_the_priors_mean(model):
    wanted = model.decode(tf.zeros([3, model.latent_dim])).mean()
    np.testing.assert_array_equal(model.sample(3, temperature=0.0, seed=1), wanted)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_have_the_moments_of_the_prior(identity, temperature):
    n = 20_000
    z = identity.sample(n, temperature, seed=0).numpy().reshape(n, 4)
    assert (np.abs(z.mean(0)) < 5 * temperature / np.sqrt(n)).all()
    error = temperature**2 * np.sqrt((1 + np.eye(4)) / n)
    assert (np.abs(np.cov(z.T) - temperature**2 * np.eye(4)) < 5 * error).all()


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_interpolation_ends_at_the_reconstructions(model, method):
    start, end = tiny.images(3, seed=1), tiny.images(3, seed=2)
    path = model.interpolate(start, end, steps=5, method=method).numpy()
    assert path.shape == (5, 3, *tiny.EVENT_SHAPE)
    np.testing.assert_allclose(path[0], model.reconstruct(start), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(path[-1], model.reconstruct(end), rtol=1e-5, atol=1e-6)


def test_linear_interpolation_by_hand(identity):
    start, end = np.float32([[1, 2, 3, 4]]), np.float32([[5, 2, -1, 0]])
    path = identity.interpolate(start.reshape(1, 2, 2, 1), end.reshape(1, 2, 2, 1), steps=3)
    np.testing.assert_allclose(tf.reshape(path[1], [-1]), [3, 2, 1, 2], rtol=1e-5)


def test_spherical_interpolation_keeps_the_norm_and_turns_evenly(identity):
    rng = np.random.default_rng(0)
    ends = rng.normal(size=(2, 10, 4))
    ends = (2.0 * ends / np.linalg.norm(ends, axis=-1, keepdims=True)).astype(np.float32)
    start, end = ends.reshape(2, 10, 2, 2, 1)
    path = identity.interpolate(start, end, steps=5, method="spherical").numpy()
    path = path.reshape(5, 10, 4)
    np.testing.assert_allclose(np.linalg.norm(path, axis=-1), 2.0, rtol=1e-5)
    turns = np.arccos((path[1:] * path[:-1]).sum(-1) / 4.0)
    whole = np.arccos((path[0] * path[-1]).sum(-1) / 4.0)
    np.testing.assert_allclose(turns, np.broadcast_to(whole / 4, (4, 10)), rtol=1e-3)


def test_spherical_interpolation_of_parallel_ends_is_linear(identity):
    start = np.float32([[1, 2, 3, 4]]).reshape(1, 2, 2, 1)
    for end in (start, 3 * start, -start):
        path = identity.interpolate(start, end, steps=3, method="spherical")
        np.testing.assert_allclose(path[1], (start + end) / 2, rtol=1e-4, atol=1e-4)


# What is refused -------------------------------------------------------------------------------


def test_a_posterior_with_a_density_needs_a_prior():
    with pytest.raises(ValueError, match="prior is None, but this encoder needs one"):
        VAE(
            Encoder(networks.mlp((4,)), posteriors.DiagonalNormal(2)),
            Decoder(networks.mlp((4,)), likelihoods.Bernoulli((2, 2, 1))),
        )


def test_an_autoencoder_refuses_what_needs_a_prior():
    model = tiny.vae(posterior="deterministic")
    with pytest.raises(ValueError, match="sample needs a prior"):
        model.sample(1)
    with pytest.raises(ValueError, match="log_likelihood needs a posterior density"):
        model.log_likelihood(tiny.images(1))
    with pytest.raises(ValueError, match="objective SGVB needs a prior"):
        model.compile(objective=objectives.SGVB())
    model.compile()
    assert isinstance(model.objective, objectives.Reconstruction)


def test_images_of_another_shape_are_refused(model):
    with pytest.raises(ValueError, match=r"x must be of shape \[B, 7, 5, 1\], got \[2, 5, 7, 1\]"):
        model.encode(np.zeros((2, 5, 7, 1), np.float32))


def test_an_unknown_interpolation_lists_the_known_ones(model):
    with pytest.raises(ValueError, match=r"one of \['linear', 'spherical'\], got 'cubic'"):
        model.interpolate(tiny.images(1), tiny.images(1), method="cubic")


@pytest.mark.parametrize("recipe", ["vae", "cvae", "cvae_image", "hvae"])
def test_keras_predict_reconstructs(recipe):
    model = tiny.randomize(tiny.vae(recipe=recipe))
    x, condition = tiny.images_for(model, 10), tiny.conditions_for(model, 10)
    data = x if condition is None else tf.data.Dataset.from_tensor_slices((x, condition)).batch(4)
    found = model.predict(data, batch_size=None if condition is not None else 4, verbose=0)
    np.testing.assert_allclose(found, model.reconstruct(x, condition), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("posterior", "prior"),
    [
        (posteriors.DiagonalNormal(3), priors.StandardNormal(1)),
        (posteriors.DiagonalNormal(7), priors.LabelledMixture(3, 4)),
        (posteriors.CategoricalNormal(3, 4), priors.StandardNormal(3)),
        (posteriors.CategoricalNormal(3, 4), priors.LabelledMixture(3, 5)),
        (posteriors.CategoricalNormal(3, 4, "relaxed"), priors.LabelledMixture(3, 4)),
    ],
    ids=["dims", "no label", "one label", "labels", "kinds of label"],
)
def test_a_prior_of_other_latents_is_refused(posterior, prior):
    with pytest.raises(ValueError, match="posterior and prior must be of the same latents"):
        VAE(
            Encoder(networks.linear(), posterior),
            Decoder(networks.linear(), likelihoods.Bernoulli((2, 2, 1))),
            prior,
        )


def test_infer_is_terms_by_its_old_name():
    model, x = tiny.vae(), tiny.images(2)
    noise = tiny.noise(model, 1, 2)
    with pytest.warns(DeprecationWarning, match=r"VAE\.terms"):
        terms, rates = model.infer(x, noise)
    np.testing.assert_array_equal(terms.log_prior, model.terms(x, noise).log_prior)
    assert [r.z.shape for r in rates] == [(1, 2, 3)]


# What Keras' own verbs give -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"condition": "label"},
        {"condition": "image_part", "network": "conv"},
        {"structure": "ladder"},
        {"structure": "sequence"},
    ],
    ids=["one layer", "label", "image part", "ladder", "sequence"],
)
def test_called_it_gives_the_distribution_at_the_code_and_adds_the_kl(options):
    model = tiny.randomize(tiny.vae(**options))
    x = tiny.images(6)
    condition = tiny.conditions_for(model, 6)
    given = () if condition is None else (condition,)
    p = model(x, *given)
    no_noise = tf.zeros_like(tiny.noise(model, 1, 6))
    terms = model.terms(x, no_noise, condition)
    np.testing.assert_allclose(p.log_prob(x), terms.log_likelihood[0], rtol=1e-5)
    np.testing.assert_allclose(p.mean(), model.predict((x, *given) if given else x, verbose=0))
    assert len(model.losses) == len(terms.rates)
    if model.groups == "latents":  # Exact, whatever z.
        np.testing.assert_allclose(sum(model.losses), np.mean(terms.rate), rtol=1e-5)
        model.beta.assign(0.5)
        model(x, *given)
        np.testing.assert_allclose(sum(model.losses), 0.5 * np.mean(terms.rate), rtol=1e-5)


@pytest.mark.parametrize("options", [{"prior": "mixture"}, {"structure": "ladder"}])
def test_called_it_takes_the_kl_at_a_drawn_z_where_it_depends_on_one(options):
    model, x = tiny.randomize(tiny.vae(**options)), tiny.images(6)
    tf.random.set_seed(0)

    @tf.function
    def rate():
        model(x)
        return tf.add_n(model.losses)

    drawn = np.array([rate() for _ in range(400)])
    error = drawn.std() / 20.0
    assert error > 0.0
    rates = model.terms(x, tiny.noise(model, 2000, 6)).rate
    assert abs(drawn.mean() - np.mean(rates)) < 4.0 * error


def test_called_in_a_loop_of_ones_own_it_trains_every_weight():
    model, x = tiny.vae(), tiny.images(6)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(model(x).log_prob(x)) + tf.add_n(model.losses)
    assert all(g is not None for g in tape.gradient(loss, model.trainable_variables))


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 4), (1, 1, 2, 3)])
def test_noise_of_another_shape_is_refused(model, shape):
    with pytest.raises(ValueError, match=r"noise must be \[S, B, 3\], got \("):
        model.terms(tiny.images(2), np.zeros(shape, np.float32))


def test_predict_of_pairs_takes_keras_arguments_in_their_order():
    model, x = tiny.vae(condition="label"), tiny.images(5)
    labels = tiny.conditions_for(model, 5)
    np.testing.assert_allclose(
        model.predict((x, labels), 2, 0), model.reconstruct(x, labels), atol=1e-6
    )


def test_an_autoencoder_with_a_prior_fitted_later_measures_by_the_new_one():
    class Later(posteriors.DiagonalNormal):
        trains_prior = False

    model = VAE(
        Encoder(networks.linear(), Later(2)),
        Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
    )
    tiny.randomize(model).compile(jit_compile=False)
    x = tiny.images(2000)
    model.log_likelihood(x[:40], num_samples=20)
    before = model.evaluate(x, batch_size=500, verbose=0, return_dict=True)["rate"]
    model.fit_prior(priors.GaussianMixture(2, 2), model.code(x) + 5.0)
    wanted = np.mean(model.terms(x, tiny.noise(model, 50, 2000)).rate)
    after = model.evaluate(x, batch_size=500, verbose=0, return_dict=True)["rate"]
    assert abs(after - wanted) < 0.05 * wanted < after - before
    elbo = np.mean(model.terms(x[:40], tiny.noise(model, 500, 40)).elbo_nats)
    assert np.mean(model.log_likelihood(x[:40], num_samples=500)) > elbo
