"""Every network body: images and sequences of any size, one function in training and evaluation."""

import numpy as np
import pytest

from keras_vae import Decoder, Encoder, posteriors
from keras_vae._compat import tf, tfk
from keras_vae.building.bodies import NETWORKS
from keras_vae.likelihoods import Bernoulli
from tests import tiny

SHAPES = [(9, 4, 3), (6, 4)]  # beside that of all tests, (7, 5, 1)
OF_IMAGES = {"conv", "gated_conv", "resnet"}


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def bodies(network, **options):
    """[(encoder body, two examples), (decoder body, two latents)], their weights drawn anew."""
    model = tiny.config(network=network, **options).model
    inputs = [normal(2, *model.event_shape), normal(2, 3)]
    made = NETWORKS[network].kind
    pairs = list(zip([made.encoder(model), made.decoder(model)], inputs, strict=True))
    for body, x in pairs:
        body(x)
        tiny.randomize(body)
    return pairs


@pytest.mark.parametrize("network", tiny.NETWORKS_OF_ARRAYS)
def test_training_and_evaluation_compute_the_same(network):
    for body, x in bodies(network):
        np.testing.assert_array_equal(body(x, training=True), body(x, training=False))
        assert len(body.non_trainable_variables) == 0


@pytest.mark.parametrize("network", tiny.NETWORKS_OF_ARRAYS)
def test_examples_do_not_see_each_other(network):
    for body, x in bodies(network):
        apart = tf.concat([body(x[:1]), body(x[1:])], 0)
        np.testing.assert_allclose(body(x), apart, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", tiny.NETWORKS_OF_ARRAYS)
@pytest.mark.parametrize("shape", SHAPES)
def test_models_of_any_size_train_and_sample(network, shape):
    if network in OF_IMAGES and len(shape) == 2:
        with pytest.raises(ValueError, match=rf"network={network} is for images .*shape=6,4\. Use"):
            tiny.config(network=network, event_shape=shape)
        return
    model = tiny.randomize(tiny.vae(network=network, event_shape=shape))
    loss, gradients = tiny.gradients(
        model, lambda: -tf.reduce_mean(model.terms(normal(2, *shape), normal(1, 2, 3)).elbo_nats)
    )
    assert np.isfinite(loss)
    assert all(np.isfinite(g).all() and (g != 0).any() for g in gradients)
    assert model.sample(2, seed=0).shape == (2, *shape)


@pytest.mark.parametrize("network", ["gru", "transformer"])
def test_the_rows_of_an_image_are_steps(network):
    """The same weights serve images [H, W, C] and sequences [H, W * C]."""
    images, sequences = (bodies(network, event_shape=s) for s in [(7, 5, 2), (7, 10)])
    for (of_images, x), (of_sequences, y) in zip(images, sequences, strict=True):
        of_sequences.set_weights(of_images.get_weights())
        np.testing.assert_allclose(of_images(x), of_sequences(x.reshape(y.shape)), rtol=1e-6)


@pytest.mark.parametrize("network", ["gru", "transformer"])
def test_decoders_of_sequences_give_features_of_each_step(network):
    _, (decoder, z) = bodies(network, event_shape=(6, 4), hidden=(5, 3))
    assert decoder(z).shape == (2, 6, 5)  # The mirror of the encoder, whose first layer has 5.


def test_any_keras_layer_serves_as_a_body():
    encoder = Encoder(tfk.layers.Dense(4), posteriors.DiagonalNormal(2))
    assert encoder(tf.zeros([3, *tiny.EVENT_SHAPE])).event_shape == (2,)
    decoder = Decoder(tfk.layers.Dense(4), Bernoulli(tiny.EVENT_SHAPE))
    assert decoder(tf.zeros([3, 2])).event_shape == tiny.EVENT_SHAPE
