"""Encoder: network, flat features with the context beside them, projection, posterior."""

import numpy as np
import pytest

from keras_vae import Encoder, networks, posteriors
from keras_vae._compat import tf, tfd
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


def test_its_parameters_are_the_projected_features_and_context():
    encoder = Encoder(networks.mlp((8,), "tanh"), posteriors.Deterministic(3))
    x = tiny.images(2)
    context = np.random.default_rng(0).normal(size=(2, 2, 2)).astype(np.float32)
    encoder(x, context)
    tiny.randomize(encoder)
    hidden, hidden_bias, kernel, bias = encoder.get_weights()
    features = np.tanh(x.reshape(2, -1) @ hidden + hidden_bias)
    wanted = np.concatenate([features, context.reshape(2, -1)], axis=1) @ kernel + bias
    np.testing.assert_allclose(encoder(x, context).mean(), wanted, rtol=1e-4, atol=1e-5)


def test_examples_do_not_see_each_other():
    encoder = Encoder(networks.conv_encoder((4, 6)), posteriors.DiagonalNormal(3))
    x = tiny.images(4)
    together = encoder(x).mean().numpy()
    apart = tf.concat([encoder(x[i : i + 1]).mean() for i in range(4)], 0)
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-6)
