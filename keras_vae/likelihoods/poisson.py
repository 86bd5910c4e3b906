"""The Poisson likelihood."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.likelihoods.base import Likelihood, Support

# Rates of 3 million; float32 has exp(88) at most, and counts are whole numbers up to 16 million.
_MAX_LOG_RATE = 15.0


@tfk.saving.register_keras_serializable("keras_vae")
class Poisson(Likelihood):
    """Counts: whole numbers from 0 on, of a rate whose log comes from the network."""

    support = Support.COUNTS

    def per_value(self, params):
        # The gradient passes, and so leads back from beyond.
        bounded = tf.grad_pass_through(lambda log_rate: tf.minimum(log_rate, _MAX_LOG_RATE))
        return tfd.Poisson(log_rate=bounded(params[..., 0]))
