"""The Poisson likelihood."""

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.base import SMALLEST, Likelihood, Support, sum_of_values

# A rate of 3 million: float32 has exp(88) at most, and whole numbers up to 16 million.
_MAX_LOG_RATE = 15.0
# Draws stop here: uniform numbers have 24 bits, and no runtime should count for ever.
_MOST_COUNTS = 10_000.0


@tfk.saving.register_keras_serializable("keras_vae")
class Poisson(Likelihood):
    """Counts: whole numbers from 0 on, of a rate whose log comes from the network."""

    support = Support.COUNTS

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        # The gradient passes the bound, so training can lead back from beyond it.
        bounded = tf.grad_pass_through(lambda log_rate: tf.minimum(log_rate, _MAX_LOG_RATE))
        return tfd.Poisson(log_rate=bounded(params[..., 0]))

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        u, log_rate = uniforms(0), p.log_rate_parameter()

        def is_below(k, x, log_mass, cumulative):
            return tf.reduce_any(u > cumulative) & (k < _MOST_COUNTS)

        def count(k, x, log_mass, cumulative):
            x = x + tf.cast(u > cumulative, tf.float32)
            log_mass = log_mass + log_rate - tf.math.log(k + 1.0)
            return k + 1.0, x, log_mass, cumulative + tf.exp(log_mass)

        of_none = -tf.exp(log_rate)
        start = 0.0, tf.zeros_like(u), of_none, tf.exp(of_none)
        return tf.while_loop(is_below, count, start)[1]

    def nll_of_mean(self, x: TensorLike, mean: TensorLike) -> np.ndarray:
        rate = np.maximum(mean, SMALLEST)
        return sum_of_values(rate - x * np.log(rate))
