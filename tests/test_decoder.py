"""Decoder: any batch axes of z, a projection that fits the features, and context."""

import re

import numpy as np
import pytest

import keras_vae
from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, posteriors, priors
from keras_vae._compat import tf, tfd, tfk, tfkl
from keras_vae.autoregressive import AutoregressiveDecoder
from keras_vae.batches import Batch
from keras_vae.conditions import Label
from keras_vae.decoder import AbstractDecoder, BayesianDecoder
from keras_vae.evaluation import exact_log_likelihood
from keras_vae.networks.bayesian import BayesianDense
from keras_vae.ops.shapes import with_context
from tests import tiny

LIKELIHOODS = [
    likelihoods.Bernoulli(tiny.EVENT_SHAPE),
    likelihoods.PerPixelScaleNormal(tiny.EVENT_SHAPE),
    likelihoods.Categorical(tiny.EVENT_SHAPE, levels=5),
]


def latents(*batch):
    return np.random.default_rng(0).normal(size=(*batch, 3)).astype(np.float32)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_samples_and_examples_are_batch_axes(network, likelihood):
    body = networks.mlp((8,)) if network == "mlp" else networks.conv_decoder(tiny.EVENT_SHAPE, (4,))
    decoder = Decoder(body, likelihood)
    z = latents(5, 2)
    p = decoder(z)
    assert isinstance(p, tfd.Distribution)
    assert p.batch_shape == (5, 2)
    assert p.event_shape == tiny.EVENT_SHAPE
    tiny.randomize(decoder)
    p = decoder(z)
    for s in range(5):
        np.testing.assert_allclose(p.mean()[s], decoder(z[s]).mean(), rtol=1e-5, atol=1e-6)


def test_dense_features_are_projected_densely():
    decoder = Decoder(networks.mlp((8,), "tanh"), likelihoods.Normal((3, 2, 2)))
    z = latents(4)
    decoder(z)
    tiny.randomize(decoder)
    hidden, hidden_bias, kernel, bias = decoder.get_weights()
    wanted = np.tanh(z @ hidden + hidden_bias) @ kernel + bias
    np.testing.assert_allclose(decoder(z).mean(), wanted.reshape(4, 3, 2, 2), rtol=1e-4, atol=1e-5)


def test_features_of_the_images_size_are_projected_by_a_convolution():
    decoder = Decoder(
        networks.conv_decoder((7, 5, 2), (4,)), likelihoods.PerPixelScaleNormal((7, 5, 2))
    )
    decoder(latents(4))
    tiny.randomize(decoder)
    features = decoder.network(latents(4))
    kernel, bias = decoder.projection.linear.get_weights()
    assert kernel.shape == (3, 3, 4, 2 * 2)
    params = tf.nn.conv2d(features, kernel, 1, "SAME") + bias
    loc = tf.reshape(params, [4, 7, 5, 2, 2])[..., 0]
    np.testing.assert_allclose(decoder(latents(4)).mean(), loc, rtol=1e-5, atol=1e-6)


def test_context_stands_beside_z_of_its_example():
    decoder = Decoder(networks.linear(), likelihoods.Normal((3, 2, 1)))
    z = latents(5, 2)
    context = np.random.default_rng(1).normal(size=(2, 2, 2)).astype(np.float32)
    decoder(z, context)
    tiny.randomize(decoder)
    kernel, bias = decoder.get_weights()
    beside = np.broadcast_to(context.reshape(2, 4), (5, 2, 4))
    wanted = np.concatenate([z, beside], axis=-1) @ kernel + bias
    np.testing.assert_allclose(
        decoder(z, context).mean(), wanted.reshape(5, 2, 3, 2, 1), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("event_shape", [(4, 3), (4, 3, 2)])
def test_features_of_steps_are_projected_step_by_step(event_shape):
    """Of images, rows are steps."""
    body = tfk.Sequential([tfk.layers.Dense(20), tfk.layers.Reshape((4, 5))])
    decoder = Decoder(body, likelihoods.PerPixelScaleNormal(event_shape))
    decoder(latents(2))
    tiny.randomize(decoder)
    features = decoder.network(latents(2)).numpy()
    kernel, bias = decoder.projection.linear.get_weights()
    assert kernel.shape == (5, np.prod(event_shape[1:]) * 2)
    wanted = (features @ kernel + bias).reshape(2, *event_shape, 2)[..., 0]
    np.testing.assert_allclose(decoder(latents(2)).mean(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 2, 4), (5, 7, 4), (3, 8), (7, 5, 1, 2)])
def test_features_that_fit_no_image_are_refused(shape):
    body = tfk.Sequential([tfk.layers.Dense(np.prod(shape)), tfk.layers.Reshape(shape)])
    message = rf"features of shape {shape}; wanted one of (7, 5, 'any'), (7, 'any'), ('any',)"
    with pytest.raises(ValueError, match=re.escape(message)):
        Decoder(body, likelihoods.Bernoulli(tiny.EVENT_SHAPE))(latents(2))


def test_the_penalty_is_of_weights_and_not_of_the_likelihoods_scale():
    likelihood = likelihoods.LearnedScaleNormal(tiny.EVENT_SHAPE)
    decoder = Decoder(networks.linear(), likelihood, weight_decay=0.1)
    decoder(tf.zeros([1, 3]))
    likelihood.raw_scale.assign(tf.ones_like(likelihood.raw_scale))
    squares = sum(np.sum(w**2) for w in decoder.projection.get_weights())
    np.testing.assert_allclose(decoder.losses, [0.05 * squares], rtol=1e-5)


def with_body(*layers):
    """A model whose decoder has these layers after a dense one."""
    likelihood = likelihoods.Bernoulli(tiny.EVENT_SHAPE)
    model = VAE(
        Encoder(networks.mlp((8,)), posteriors.DiagonalNormal(3)),
        Decoder(tfk.Sequential([tfkl.Dense(8, "tanh"), *layers]), likelihood),
        priors.StandardNormal(3),
    )
    model.compile(optimizer=tiny.sgd(), jit_compile=False)
    return tiny.randomize(model)


def test_dropout_is_for_training_alone():
    model, x = with_body(tfkl.Dropout(0.5)), tiny.images(6)
    z, noise = latents(4), tiny.noise(model, 1, 6)
    body, projection = model.decoder.network, model.decoder.projection
    wanted = tf.sigmoid(projection(body.layers[0](z))[..., 0])
    np.testing.assert_allclose(model.decode(z).mean(), wanted, rtol=1e-5)
    np.testing.assert_array_equal(
        *(model.log_likelihood(x, 5, seed=0) for _ in range(2)),
    )
    in_training, again = (
        model(Batch(x, noise), training=True).log_likelihood.numpy() for _ in range(2)
    )
    assert (in_training != again).all()


def test_batch_statistics_are_of_training_alone():
    model, x = with_body(tfkl.BatchNormalization()), tiny.images(6)
    (mean, _) = (v for v in model.non_trainable_variables if "moving" in v.name)
    before = mean.numpy()
    model.evaluate(x, verbose=0)
    model.decode(latents(4))
    np.testing.assert_array_equal(mean, before)
    model.fit(x, verbose=0)
    assert (mean.numpy() != before).all()


@tfk.saving.register_keras_serializable("tests")
class OneLayer(AbstractDecoder):
    """A decoder of a user's own: what it must say, and no more."""

    def __init__(self, likelihood, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.likelihood = tfkl.Dense(np.prod(likelihood.event_shape)), likelihood

    def call(self, z, context=None):
        params = self.dense(with_context(z, context))
        shape = tf.concat([tf.shape(z)[:-1], [*self.event_shape, 1]], 0)
        return self.likelihood(tf.reshape(params, shape))

    def get_config(self):
        return {"likelihood": tfk.saving.serialize_keras_object(self.likelihood)}

    @classmethod
    def from_config(cls, config):
        return cls(tfk.saving.deserialize_keras_object(config["likelihood"]))


def linear_model(decoder):
    model = VAE(
        Encoder(networks.linear(), posteriors.DiagonalNormal(3)),
        decoder,
        priors.StandardNormal(3),
        Label(tiny.NUM_CLASSES),
    )
    model.compile(optimizer=tiny.sgd(), jit_compile=False)
    return model


def test_a_decoder_of_ones_own_is_the_linear_one_of_the_same_weights(tmp_path):
    x, labels = tiny.images(6), np.arange(6) % tiny.NUM_CLASSES
    own = linear_model(OneLayer(likelihoods.Bernoulli(tiny.EVENT_SHAPE)))
    linear = linear_model(Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)))
    tiny.randomize(own)
    before = own.decoder.get_weights()
    own.fit(x, labels, verbose=0)
    for a, b in zip(own.decoder.get_weights(), before, strict=True):
        assert (a != b).any()
    linear.set_weights(own.get_weights())
    noise = tiny.noise(own, 2, 6)
    wanted = linear.terms(x, noise, labels).log_likelihood
    np.testing.assert_allclose(own.terms(x, noise, labels).log_likelihood, wanted, rtol=1e-5)
    drawn = (m.sample(3, seed=0, condition=2) for m in (own, linear))
    np.testing.assert_allclose(*drawn, rtol=1e-5)
    own.save(tmp_path / "own.keras")
    loaded = keras_vae.load(tmp_path / "own.keras")
    np.testing.assert_allclose(loaded.terms(x, noise, labels).log_likelihood, wanted, rtol=1e-5)


def test_log_p_of_a_decoder_of_ones_own_has_no_closed_form():
    model = VAE(
        Encoder(networks.linear(), posteriors.DiagonalNormal(3)),
        OneLayer(likelihoods.Normal((2,))),
        priors.StandardNormal(3),
    )
    with pytest.raises(ValueError, match="a closed form of log p"):
        exact_log_likelihood(model, np.zeros((1, 2), np.float32))


def test_bayesian_layers_make_a_bayesian_decoder():
    body, likelihood = networks.mlp((4,), dense=BayesianDense), likelihoods.Bernoulli((2,))
    for decoder in (
        Decoder(body, likelihood),
        Decoder(networks.linear(), likelihood, BayesianDense(2)),
        Decoder(network=networks.linear(), likelihood=likelihood, projection=BayesianDense(2)),
    ):
        assert type(decoder) is BayesianDecoder
        assert type(Decoder.from_config(decoder.get_config())) is BayesianDecoder
    assert type(Decoder(networks.mlp((4,)), likelihood)) is Decoder
    with pytest.raises(ValueError, match="network has no Bayesian layers, nor has projection"):
        BayesianDecoder(networks.mlp((4,)), likelihood)


def test_what_is_no_likelihood_is_refused():
    with pytest.raises(TypeError, match=r"likelihood must be a keras_vae.likelihoods.Likelihood"):
        Decoder(networks.linear(), tfd.Normal(0.0, 1.0))


def test_a_decoder_of_logits_of_levels_takes_a_categorical_alone():
    likelihood = likelihoods.DiscretizedLogistic((3, 2, 1), levels=4)
    with pytest.raises(TypeError, match=r"likelihood must be a keras_vae.likelihoods.Categorical"):
        AutoregressiveDecoder(networks.linear(), likelihood, units=2)
