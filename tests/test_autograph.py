"""AutoGraph: functions of this library are traced as written, layers of a user's own are not."""

import dataclasses

import numpy as np
import pytest
from tensorflow.python.autograph.impl import conversion

import keras_vae
from keras_vae import likelihoods, objectives, posteriors, priors
from keras_vae._compat import tf, tfk, tfkl
from tests import tiny


class Halved(tfkl.Layer):
    """Halves its inputs until they are small, by a loop of Python's over tensors."""

    def call(self, x):
        while tf.reduce_max(tf.abs(x)) > 0.1:
            x = 0.5 * x
        return x


def test_a_layer_of_ones_own_may_loop_over_tensors():
    network = tfk.Sequential([tfkl.Flatten(), tfkl.Dense(4), Halved()])
    vae = keras_vae.VAE(
        keras_vae.Encoder(network, posteriors.DiagonalNormal(2)),
        keras_vae.Decoder(keras_vae.networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
        priors.StandardNormal(2),
    )
    vae.compile(jit_compile=False)
    x = tiny.images(8)
    vae.fit(x, batch_size=4, epochs=1, verbose=0)
    assert tf.reduce_max(tf.abs(network(x))) <= 0.1
    np.testing.assert_allclose(vae.predict(x, verbose=0), vae.reconstruct(x), atol=1e-6)


def rising(step):
    if step < 3:
        return 0.25
    return 0.75


@dataclasses.dataclass(frozen=True)
class Clipped(objectives.SGVB):
    """The bound, of examples that are far off at most 5 nats."""

    def __call__(self, terms, beta):
        loss = super().__call__(terms, beta)
        if tf.reduce_mean(loss) > 5.0:
            loss = 5.0 * tf.ones_like(loss)
        return loss


@pytest.mark.parametrize("jit_compile", [False, True])
def test_schedules_and_objectives_of_ones_own_may_branch(jit_compile):
    vae = tiny.vae()
    vae.compile(tiny.sgd(), Clipped(), beta=rising, jit_compile=jit_compile)
    x = tiny.images(16)
    vae.fit(x, batch_size=8, epochs=1, verbose=0)
    assert vae.beta.numpy() == 0.25
    history = vae.fit(x, batch_size=8, epochs=1, verbose=0).history
    assert vae.beta.numpy() == 0.75
    assert 5.0 < history["loss"][0] < 5.0 + history["rate"][0]


def test_functions_of_the_library_are_left_as_written():
    assert conversion.is_allowlisted(keras_vae.VAE.terms)
    assert not conversion.is_allowlisted(Halved.call)
