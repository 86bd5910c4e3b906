"""Encoder: x with the context as further channels, network, projection, posterior."""

import numpy as np
import pytest

from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfd, tfkl
from keras_vae.encoder import AbstractEncoder
from tests import tiny


@pytest.mark.parametrize(
    "posterior",
    [posteriors.DiagonalNormal(3), posteriors.FullCovarianceNormal(3), posteriors.Deterministic(3)],
)
def test_it_gives_a_distribution_of_each_example(posterior):
    q = Encoder(networks.conv_encoder((4, 6)), posterior)(tiny.images(2))
    assert isinstance(q, tfd.Distribution)
    assert q.batch_shape == (2,)
    assert q.event_shape == (3,)


def parameters(encoder, x):
    """By numpy, for a body of one layer of tanh."""
    hidden, hidden_bias = encoder.network.get_weights()
    kernel, bias = encoder.projection.get_weights()
    return np.tanh(x.reshape(len(x), -1) @ hidden + hidden_bias) @ kernel + bias


def test_its_parameters_are_the_projected_features():
    encoder = Encoder(networks.mlp((8,), "tanh"), posteriors.Deterministic(3))
    x = tiny.images(2)
    encoder(x)
    tiny.randomize(encoder)
    np.testing.assert_allclose(encoder(x).mean(), parameters(encoder, x), rtol=1e-4, atol=1e-5)


def test_a_context_that_is_an_image_is_further_channels():
    encoder = Encoder(networks.mlp((8,), "tanh"), posteriors.Deterministic(3))
    x = tiny.images(2)
    context = np.random.default_rng(0).normal(size=(2, 7, 5, 2)).astype(np.float32)
    encoder(x, context)
    tiny.randomize(encoder)
    assert encoder.context_map is None
    wanted = parameters(encoder, np.concatenate([x, context], axis=-1))
    np.testing.assert_allclose(encoder(x, context).mean(), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_any_other_context_becomes_a_channel_by_a_linear_map(shape):
    encoder = Encoder(networks.mlp((8,), "tanh"), posteriors.Deterministic(3))
    x = tiny.images(2)
    context = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    encoder(x, context)
    tiny.randomize(encoder)
    (kernel,) = encoder.context_map.get_weights()
    channel = (context.reshape(2, -1) @ kernel).reshape(2, 7, 5, 1)
    wanted = parameters(encoder, np.concatenate([x, channel], axis=-1))
    np.testing.assert_allclose(encoder(x, context).mean(), wanted, rtol=1e-4, atol=1e-5)


def test_examples_do_not_see_each_other():
    encoder = Encoder(networks.conv_encoder((4, 6)), posteriors.DiagonalNormal(3))
    x = tiny.images(4)
    together = encoder(x).mean().numpy()
    apart = tf.concat([encoder(x[i : i + 1]).mean() for i in range(4)], 0)
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-6)


def test_the_weights_of_a_posterior_are_the_encoders(tmp_path):
    """They train with it, and are in its checkpoints."""
    posterior = posteriors.InverseAutoregressive(3, num_layers=2, hidden=4)
    encoder = Encoder(networks.linear(), posterior)
    encoder(tiny.images(2))
    own = {weights.ref() for weights in posterior.trainable_variables}
    assert len(own) == 8  # The kernels and biases of two layers of two networks.
    assert own <= {weights.ref() for weights in encoder.trainable_variables}
    file = tf.train.Checkpoint(model=encoder).write(str(tmp_path / "encoder"))
    names = [name for name, _ in tf.train.list_variables(file)]
    assert sum(name.startswith("model/posterior/networks/") for name in names) == len(own)


class Own(AbstractEncoder):
    """What an encoder must have, and no more."""

    noise_shape = (2,)

    def __init__(self):
        super().__init__()
        self.dense = tfkl.Dense(2)

    def call(self, x, context=None):
        loc = self.dense(tf.reshape(x, [tf.shape(x)[0], -1]))
        return tfd.Independent(tfd.Normal(loc, 0.5), 1)

    def draw(self, x, noise, context=None):
        return self(x).mean() + 0.5 * noise


def test_an_encoder_of_ones_own_needs_a_posterior_and_its_draws():
    decoder = Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE))
    model = VAE(Own(), decoder, priors.StandardNormal(2))
    x, noise = tiny.images(4), tiny.noise(model, 3, 4)
    terms = model.terms(x, noise)
    q = model.encode(x)
    np.testing.assert_allclose(terms.log_posterior, q.log_prob(q.mean() + 0.5 * noise), rtol=1e-4)
    model.compile(jit_compile=False)
    model.fit(x, verbose=0)
    with pytest.raises(ValueError, match="Own has no log q with its parameters stopped"):
        model.terms(x, noise, stop_posterior=True)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"encoder": networks.linear()}, "encoder must be of AbstractEncoder, got"),
        ({"decoder": networks.linear()}, "decoder must be of AbstractDecoder, got"),
        ({"prior": tfd.Normal(0.0, 1.0)}, "prior must be of Prior, got Normal"),
        ({"condition": networks.linear()}, "condition must be of Condition, got"),
    ],
)
def test_another_part_in_its_place_is_refused(part, words):
    parts = tiny.vae()
    given = {"encoder": parts.encoder, "decoder": parts.decoder, "prior": parts.prior} | part
    with pytest.raises(ValueError, match=words):
        VAE(**given)


class Lost(priors.StandardNormal):
    """Its layer has the name of an attribute of the class, by which Keras doesn't track it."""

    network = None

    def __init__(self, latent_dim):
        super().__init__(latent_dim)
        self.network = tfkl.Dense(latent_dim)

    def distribution(self, context=None):
        loc = self.network(tf.ones([1, 1]))[0]
        return tfd.Independent(tfd.Normal(loc, 1.0), 1)


class Apart(priors.StandardNormal):
    """A density of each latent, where one of all is wanted."""

    def distribution(self, context=None):
        return tfd.Normal(tf.zeros(self.latent_dim), 1.0)


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        (lambda: Lost(3), "Keras doesn't track the variables .*dense.*: they would be neither"),
        (lambda: Apart(3), r"Apart: log p\(z\) .* came in shape \[1, 2, 3\], wanted \[1, 2\]"),
    ],
)
def test_a_part_that_would_train_wrongly_is_refused(prior, words):
    parts = tiny.vae()
    with pytest.raises(ValueError, match=words):
        VAE(parts.encoder, parts.decoder, prior())
