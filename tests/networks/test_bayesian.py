"""Bayesian weights: their KL, their draws, and the closed form of linear regression."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfk
from keras_vae.batches import Batch, Block
from keras_vae.networks.bayesian import BayesianDense, bayesian_layers, drawn_weights, weight_kl
from tests import tiny

RNG = np.random.default_rng(0)


def layer_with(loc, scale, **options):
    """A BayesianDense whose q(W) is N(loc, diag(scale^2)); both [inputs + 1, units]."""
    layer = BayesianDense(loc.shape[1], **options)
    layer.build((None, loc.shape[0] - 1))
    layer.dense.set_weights([loc, np.log(np.expm1(scale))])
    return layer


def drawn(layer, x, noise):
    with drawn_weights([layer], tf.constant(noise, tf.float32)):
        return layer(x).numpy()


def test_kl_is_that_of_normals_and_shared_by_the_examples():
    loc, scale = RNG.normal(size=(4, 3)), RNG.uniform(0.1, 2.0, size=(4, 3))
    layer = layer_with(loc, scale, prior_scale=0.7, num_examples=50, temperature=0.1)
    wanted = np.sum(np.log(0.7 / scale) + (scale**2 + loc**2) / (2 * 0.7**2) - 0.5)
    np.testing.assert_allclose(layer.kl(), wanted, rtol=1e-5)
    np.testing.assert_allclose(layer.losses, [0.1 * wanted / 50], rtol=1e-5)


def test_without_noise_weights_are_their_mean():
    loc = RNG.normal(size=(4, 3)).astype(np.float32)
    x = RNG.normal(size=(5, 3)).astype(np.float32)
    layer = layer_with(loc, np.full((4, 3), 2.0), activation="tanh")
    np.testing.assert_allclose(layer(x), np.tanh(x @ loc[:3] + loc[3]), rtol=1e-4, atol=1e-5)


def test_draws_are_those_of_drawn_weights():
    """Mean and variance of the output over q(W), with the bias."""
    loc, scale = RNG.normal(size=(4, 2)), RNG.uniform(0.1, 1.0, size=(4, 2))
    layer = layer_with(loc, scale)
    x = np.array([[0.5, -1.0, 2.0]], np.float32)
    n = 40_000
    y = drawn(layer, np.repeat(x, n, axis=0), RNG.normal(size=(n, 2)))
    ones = np.append(x[0], 1.0)
    variance = ones**2 @ scale**2
    assert (np.abs(y.mean(0) - ones @ loc) < 5 * np.sqrt(variance / n)).all()
    np.testing.assert_allclose(y.var(0), variance, rtol=5 * np.sqrt(2 / n))


def spread(model, z):
    """Standard deviation of the mean image over draws of the weights, at z [B, D]."""
    noise = RNG.normal(size=(100, len(z), model.decoder.noise_size)).astype(np.float32)
    z = np.repeat(z[np.newaxis], 100, axis=0)
    images = model.decoder(z, noise=noise, draw_all=True).mean()
    return images.numpy().std(axis=0).mean()


def test_a_trained_model_is_unsure_off_its_data():
    """Where the data are it learns to be sure; before, it is as sure anywhere."""
    model = tiny.vae(
        weights="bayes", likelihood="normal", likelihood_scale=0.1, latent_dim=1, learning_rate=0.02
    )
    # All examples are multiples of one image.
    x = RNG.uniform(size=(32, 1, 1, 1)) * np.linspace(-1, 1, 35).reshape(tiny.EVENT_SHAPE)
    x = x.astype(np.float32)

    def doubt_off_the_data():
        z = model.code(x).numpy()
        return spread(model, 5 * np.abs(z).max() * np.sign(z)) / spread(model, z)

    before = doubt_off_the_data()
    noise = [[model.draw_noise([i, j], 1, 32) for j in range(50)] for i in range(8)]
    tiny.train(model, *(Block(np.stack([x] * 50), tf.stack(n)) for n in noise))
    assert doubt_off_the_data() > 10 > 3 > before


def test_the_bound_of_a_bayesian_linear_decoder_is_the_evidence():
    """Given z the decoder is a regression on (z, 1) for each pixel. Where their columns are
    orthogonal the posterior of the weights factorises: the loss at it is, in the mean over draws,
    -log p(x|z) with the weights integrated out."""
    n, latent_dim, noise_scale, prior_scale = 8, 2, 0.5, 0.8
    model = tiny.vae(
        network="linear",
        likelihood="normal",
        likelihood_scale=noise_scale,
        weights="bayes",
        weight_scale=prior_scale,
        latent_dim=latent_dim,
        num_examples=n,
        event_shape=(4, 3, 1),
    )
    model.beta.assign(0.0)  # The rate of z is left out here.
    basis, _ = np.linalg.qr(np.column_stack([np.ones(n), RNG.normal(size=(n, latent_dim))]))
    z = 2.0 * basis[:, 1:]
    inputs = np.column_stack([z, np.ones(n)])
    flat = inputs @ RNG.normal(size=(3, 12)) + noise_scale * RNG.normal(size=(n, 12))
    x = flat.reshape(n, 4, 3, 1).astype(np.float32)
    # A linear encoder of more pixels than examples can give each its z.
    kernel = np.linalg.pinv(flat) @ z
    model.encoder.projection.set_weights([np.pad(kernel, ((0, 0), (0, 2))), np.zeros(4)])
    np.testing.assert_allclose(model.code(x), z, atol=1e-4)
    precision = (inputs**2).sum(0) / noise_scale**2 + 1 / prior_scale**2
    loc = inputs.T @ flat / noise_scale**2 / precision[:, np.newaxis]
    scale = np.repeat(precision[:, np.newaxis] ** -0.5, 12, axis=1)
    model.decoder.projection.linear.dense.set_weights([loc, np.log(np.expm1(scale))])
    covariance = noise_scale**2 * np.eye(n) + prior_scale**2 * inputs @ inputs.T
    evidence = scipy.stats.multivariate_normal(np.zeros(n), covariance).logpdf(flat.T).sum()

    draws = 4000
    noise = RNG.normal(size=(draws, n, latent_dim + 12)).astype(np.float32)
    noise[..., :latent_dim] = 0.0
    terms = model(Batch(x, tf.constant(noise)), training=True)
    loss = tf.reduce_mean(model.objective(terms, model.beta)) + tf.add_n(model.losses)
    error = n * np.mean(terms.log_likelihood, axis=1).std() / np.sqrt(draws)
    assert abs(n * loss + evidence) < 5 * error
    assert error < 0.2 < n * weight_kl(model)


def test_linear_regression_meets_its_closed_form():
    """With orthogonal inputs the posterior of the weights factorises, so that a mean-field q can be
    exact: the bound is then the log evidence, and no gradient is left."""
    n, noise_scale, prior_scale = 16, 0.5, 0.8
    x, _ = np.linalg.qr(np.column_stack([np.ones(n), RNG.normal(size=(n, 2))]))
    x = x * np.sqrt(n) * np.sign(x[0, 0])
    inputs = np.column_stack([x[:, 1:], x[:, :1]])  # The bias' input stands last; it is 1.
    np.testing.assert_allclose(inputs[:, -1], 1.0, rtol=1e-6)
    y = inputs @ [0.7, -0.4, 0.2] + noise_scale * RNG.normal(size=n)
    precision = n / noise_scale**2 + 1 / prior_scale**2
    loc = inputs.T @ y / noise_scale**2 / precision
    covariance = noise_scale**2 * np.eye(n) + prior_scale**2 * inputs @ inputs.T
    evidence = scipy.stats.multivariate_normal(np.zeros(n), covariance).logpdf(y)

    layer = layer_with(
        loc[:, np.newaxis],
        np.full((3, 1), precision**-0.5),
        prior_scale=prior_scale,
        num_examples=n,
    )
    # E over q(W) of the log likelihood, exactly: by the mean and the variance of the output.
    with tf.GradientTape() as tape:
        mean = layer(tf.constant(inputs[:, :2], tf.float32))[:, 0]
        variance = layer.dense.kernel_posterior_affine.variance()[:, 0]
        square = (tf.constant(y, tf.float32) - mean) ** 2 + variance
        likelihood = tf.reduce_sum(
            -square / (2 * noise_scale**2) - 0.5 * np.log(2 * np.pi * noise_scale**2)
        )
        bound = likelihood - n * tf.add_n(layer.losses)
    np.testing.assert_allclose(bound, evidence, rtol=1e-5)
    for gradient in tape.gradient(bound, layer.trainable_variables):
        np.testing.assert_allclose(gradient, 0.0, atol=2e-3)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("network", ["linear", "mlp"])
def test_a_bayesian_decoder_without_doubt_is_the_plain_one(network, training):
    plain = tiny.vae(network=network)
    bayesian = tiny.vae(network=network, weights="bayes")
    for layer in bayesian_layers(bayesian):
        inputs, units = layer.dense.weights[0].shape
        kernel, bias = weights_of_shape(plain.decoder, (inputs - 1, units))
        loc = np.concatenate([kernel, bias[np.newaxis]])
        layer.dense.set_weights([loc, np.full_like(loc, -40.0)])
    bayesian.encoder.set_weights(plain.encoder.get_weights())
    x = tiny.images(4)
    noise = tiny.noise(bayesian, 2, 4)
    wanted = plain.terms(x, noise[..., :3])[:-1]
    found = bayesian.terms(x, noise, draw_all=training)[:-1]
    for a, b in zip(found, wanted, strict=True):
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(bayesian.reconstruct(x), plain.reconstruct(x), atol=1e-5)


def weights_of_shape(decoder, shape):
    """(kernel, bias) of the dense layer with a kernel of this shape."""
    dense = [m for m in decoder.submodules if type(m) is tfk.layers.Dense]
    (found,) = [layer.get_weights() for layer in dense if layer.kernel.shape == shape]
    return found


def test_a_prediction_is_the_mean_over_draws_of_the_weights():
    model = tiny.randomize(tiny.vae(weights="bayes"))
    z = tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    draws = model.decoder._draws.astype(np.float32)
    each = [
        model.decoder(z, noise=np.repeat(noise[np.newaxis], 2, axis=0), draw_all=True).mean()
        for noise in draws
    ]
    np.testing.assert_allclose(model.decode(z).mean(), np.mean(each, axis=0), rtol=1e-4)


def with_doubt(doubt, **options):
    """A model whose weights have this standard deviation."""
    model = tiny.randomize(tiny.vae(weights="bayes", **options), scale=0.4)
    for layer in bayesian_layers(model):
        loc, scale = layer.dense.get_weights()
        layer.dense.set_weights([loc, np.full_like(scale, np.log(np.expm1(doubt)))])
    return model


@pytest.mark.parametrize(
    ("likelihood", "doubt"),
    [("bernoulli", 0.3), ("discretized_logistic", 0.08), ("categorical", 0.15)],
)
def test_evaluation_averages_over_the_last_layers_weights(likelihood, doubt):
    """Value by value, as they are independent; training draws them."""
    model = with_doubt(doubt, likelihood=likelihood)
    hidden, last = sorted(bayesian_layers(model), key=lambda layer: layer.units)
    assert last is model.decoder.projection.linear
    x, noise = tiny.images_for(model, 3), tiny.noise(model, 1, 3)
    terms = model.terms(x, noise)
    z, of_hidden = terms.z[0], _part_of(model, hidden, noise[0, :, 3:])
    with drawn_weights([hidden], of_hidden):
        features = model.decoder.network(z)
    n = 4000
    with drawn_weights([last], tf.constant(RNG.normal(size=(3 * n, last.units)), tf.float32)):
        params = model.decoder.projection(tf.repeat(features, n, axis=0))
    each = model.decoder.likelihood.per_value(params).log_prob(np.repeat(x, n, axis=0))
    each = np.reshape(each, (3, n, -1))
    largest = each.max(axis=1, keepdims=True)
    shares = np.exp(each - largest)
    mean = shares.mean(axis=1)
    wanted = np.sum(np.log(mean) + largest[:, 0], axis=-1)
    deviation = np.sqrt(np.sum(shares.var(axis=1) / mean**2, axis=-1))
    # The points' own error is that of 50 draws where a value has many parameters.
    of_points = 3 * deviation / 50**0.5 if likelihood == "categorical" else 0.02 * np.abs(wanted)
    tolerance = 5 * deviation / n**0.5 + of_points
    assert (np.abs(terms.log_likelihood[0] - wanted) < tolerance).all()
    drawn = model.terms(x, noise, draw_all=True).log_likelihood[0]
    direct = model.decoder(z, noise=noise[0, :, 3:], draw_all=True).log_prob(x)
    np.testing.assert_allclose(drawn, direct, rtol=1e-5)
    assert np.abs(drawn - wanted).max() > 2 * tolerance.max()


def test_a_mean_of_bernoullis_is_exact_where_it_is_nearly_certain():
    logits = np.array([[-60.0, -50.0, -55.0], [70.0, 60.0, 20.0], [0.3, -2.0, 1.0], [-5.0, 5.0, 0]])
    log_weights = np.log([0.2, 0.3, 0.5]).astype(np.float32)
    params = logits.astype(np.float32)[..., np.newaxis]  # Shape: 4 x 1 x 1 values, at 3 points.
    mean = likelihoods.Bernoulli((4, 1, 1)).averaged(params[:, np.newaxis, np.newaxis], log_weights)
    for x in (0.0, 1.0):
        each = scipy.special.log_expit((2 * x - 1) * logits)
        wanted = scipy.special.logsumexp(each + log_weights, axis=-1).sum()
        np.testing.assert_allclose(mean.log_prob(np.full((4, 1, 1), x)), wanted, rtol=1e-5)
    logits = tf.fill([1, 1, 1, 3, 1], 1e3)
    certain = likelihoods.Bernoulli((1, 1, 1)).averaged(logits, log_weights)
    assert certain.log_prob(np.ones((1, 1, 1))) == 0.0
    assert -100.0 < certain.log_prob(np.zeros((1, 1, 1))) < -79.0


def _part_of(model, layer, noise):
    """The layer's part of the noise of all Bayesian layers."""
    layers = bayesian_layers(model.decoder)
    start = sum(other.units for other in layers[: layers.index(layer)])
    return noise[:, start : start + layer.units]


def test_training_draws_all_weights():
    model = with_doubt(0.3)
    batch = tiny.block(model, 1, 4).step(0)
    terms = model(batch, training=True)
    wanted = model.terms(batch.x, batch.noise, draw_all=True).log_likelihood
    np.testing.assert_allclose(terms.log_likelihood, wanted, rtol=1e-6)


def test_the_weights_kl_is_kept_apart():
    model = tiny.vae(weights="bayes")
    logs = model.make_train_function()(iter([tiny.block(model, 1, 4)]))
    np.testing.assert_allclose(
        logs["loss"], logs["distortion"] + logs["rate"] + logs["weight_kl"], rtol=1e-5
    )
    assert weight_kl(tiny.vae()) is None


def test_map_adds_the_normal_priors_penalty():
    plain, penalised = tiny.vae(), tiny.vae(weights="map", weight_scale=0.5)
    block = tiny.block(plain, 1, 4)
    losses = [m.make_train_function()(iter([block]))["loss"].numpy() for m in (plain, penalised)]
    squares = sum(np.sum(w.numpy() ** 2) for w in tiny.vae().decoder.trainable_variables)
    np.testing.assert_allclose(losses[1] - losses[0], squares / (2 * 0.5**2 * 32), rtol=1e-4)


def test_networks_without_dense_layers_are_refused():
    with pytest.raises(ValueError, match="weights=bayes with network=conv"):
        tiny.config(weights="bayes", network="conv")


def test_hidden_layers_alone_may_be_bayesian():
    """Then no last layer's weights are there to be averaged over: noise draws those that are."""
    model = VAE(
        Encoder(networks.mlp((8,)), posteriors.DiagonalNormal(3)),
        Decoder(networks.mlp((6,), dense=BayesianDense), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(3),
    )
    tiny.randomize(model)
    x, noise = tiny.images(4), tiny.noise(model, 2, 4)
    scored = model.terms(x, noise)
    drawn = model.terms(x, noise, draw_all=True)
    np.testing.assert_allclose(scored.log_likelihood, drawn.log_likelihood, rtol=1e-5)
    assert np.isfinite(model.log_likelihood(x, 3)).all()
