"""A posterior of discrete codes: no density, a bound all the same, a prior that comes later."""

import numpy as np
import pytest

from keras_vae import VAE, Decoder, Encoder, likelihoods, networks, objectives, posteriors, priors
from keras_vae._compat import tf, tfd
from tests import tiny


class Signs(posteriors.Posterior):
    """z is the sign of what the encoder says: log q(z|x) = 0 is that of a probability."""

    has_density = trains_prior = False

    @property
    def noise_shape(self):
        return (0,)

    @property
    def params_size(self):
        return self.latent_dim

    def distribution(self, params):
        code = params + tf.stop_gradient(tf.where(params < 0.0, -1.0, 1.0) - params)
        return tfd.Independent(tfd.Deterministic(code), 1)

    def from_noise(self, q, noise):
        z = tf.repeat(q.mean()[tf.newaxis], tf.shape(noise)[0], axis=0)
        return z, tf.zeros(tf.shape(z)[:-1])


class Coins(priors.Prior):
    """Independent signs, each with the share of pluses that codes have."""

    continuous = False

    def __init__(self, latent_dim):
        super().__init__(latent_dim, trainable=False)
        self.plus = self.add_weight("plus", [latent_dim], initializer="ones")

    def fit(self, codes, seed=0):
        self.plus.assign(np.mean(np.asarray(codes) > 0.0, axis=0).clip(0.01, 0.99))

    def distribution(self, context=None):
        coin = tfd.FiniteDiscrete([-1.0, 1.0], probs=tf.stack([1.0 - self.plus, self.plus], -1))
        return tfd.Independent(coin, 1)

    def from_noise(self, noise, temperature=1.0, context=None):
        return tf.where(tfd.Normal(0.0, 1.0).cdf(noise) < self.plus, 1.0, -1.0)


@pytest.fixture(scope="module")
def model():
    vae = VAE(
        Encoder(networks.linear(), Signs(3)),
        Decoder(networks.linear(), likelihoods.Bernoulli(tiny.EVENT_SHAPE)),
    )
    return tiny.randomize(vae)


def test_without_a_prior_there_is_no_bound(model):
    assert (model.encoder.has_density, model.trains_prior, model.has_bound) == (False, False, False)
    model.compile(jit_compile=False)
    assert model.objective == objectives.Reconstruction()
    before = model.encoder.projection.get_weights()[0]
    model.fit(tiny.images(16), batch_size=8, verbose=0)
    assert (model.encoder.projection.get_weights()[0] != before).any()  # Straight through.
    with pytest.raises(ValueError, match="log_likelihood needs"):
        model.log_likelihood(tiny.images(2))


def test_with_one_fitted_to_its_codes_there_is(model):
    x = tiny.images(64)
    model.fit_prior(Coins(3), model.code(x))
    assert model.has_bound
    codes = model.code(x).numpy()
    share = np.mean(codes > 0.0, axis=0).clip(0.01, 0.99)
    log_prior = np.log(np.where(codes > 0.0, share, 1.0 - share)).sum(axis=1)
    wanted = model.decode(codes).log_prob(x) + log_prior  # -log p(x) is at most what it codes.
    terms = model.terms(x, tiny.noise(model, 1, 64))
    np.testing.assert_allclose(terms.elbo_nats, wanted, rtol=1e-5)
    np.testing.assert_allclose(model.log_likelihood(x, num_samples=1), wanted, rtol=1e-5)
    signs = [np.array(z) for z in np.ndindex(2, 2, 2)]
    each = [
        model.decode(2.0 * z - 1.0).log_prob(x) + np.log(np.where(z, share, 1.0 - share)).sum()
        for z in signs
    ]
    exact = tf.reduce_logsumexp(each, axis=0)
    assert np.all(exact >= wanted)
    model.compile(jit_compile=False)
    found = model.evaluate(x, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["elbo_nats"], np.mean(wanted), rtol=1e-5)
    assert set(np.unique(model.prior_sample(model.prior.draw_noise([0, 0], 50)))) == {-1.0, 1.0}
