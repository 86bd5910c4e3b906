"""Likelihoods of pixels in {0, 1} and [0, 1]."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.likelihoods.base import Likelihood, Support


@tfk.saving.register_keras_serializable("keras_vae")
class Bernoulli(Likelihood):
    """Pixels in {0, 1} (Kingma & Welling 2014, eq. 11)."""

    support = Support.BINARY

    def per_value(self, params):
        return _Bernoulli(logits=params[..., 0], dtype=tf.float32)


class _Bernoulli(tfd.Bernoulli):
    """tfd's, its density by one softplus where that takes two, and as exact for x in {0, 1}."""

    def _log_prob(self, x):
        return -tf.math.softplus((1.0 - 2.0 * x) * self.logits)


@tfk.saving.register_keras_serializable("keras_vae")
class ContinuousBernoulli(Likelihood):
    """Pixels in [0, 1], with the constant that a Bernoulli on grey values leaves out.

    References:
      Loaiza-Ganem & Cunningham 2019, The continuous Bernoulli.
    """

    support = Support.UNIT

    def per_value(self, params):
        return tfd.ContinuousBernoulli(logits=params[..., 0])
