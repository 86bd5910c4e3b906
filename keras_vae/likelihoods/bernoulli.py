"""Likelihoods of pixels in {0, 1} and [0, 1]."""

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions import Uniforms, Values
from keras_vae.likelihoods.base import SMALLEST, Likelihood, Support, sum_of_values

# Float32 can still tell the sigmoids of this logit and of its opposite from 0.
_CERTAIN = 80.0


class _Bernoulli(tfd.Bernoulli):
    """tfd.Bernoulli with one softplus in its density instead of two; as exact for x in {0, 1}."""

    def _log_prob(self, x):
        return -tf.math.softplus(self.logits_against(x))

    def logits_against(self, x: TensorLike) -> tf.Tensor:
        """Logits of the value that x is not."""
        return (1.0 - 2.0 * x) * self.logits


class _KnownBernoulli(_Bernoulli):
    """A Bernoulli of values of which some are unknown; unknown values have probability 1."""

    def __init__(self, mask: TensorLike, **kwargs):
        self._mask = mask
        super().__init__(**kwargs)

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        # TFP logs twenty lines where a subclass with arguments of its own leaves this out.
        return tfd.Bernoulli._parameter_properties(dtype, num_classes)

    def logits_against(self, x: TensorLike) -> tf.Tensor:
        return tf.where(self._mask, super().logits_against(x), -float("inf"))


class _BinaryValues(Values):
    def known(self, mask: TensorLike) -> tfd.Distribution:
        known = _KnownBernoulli(mask, logits=self.distribution.logits, dtype=tf.float32)
        return _BinaryValues(known, self._num_axes, self._draw)

    def sum_of_logs(self, x: TensorLike) -> tf.Tensor:
        against = self.distribution.logits_against(x)
        num_axes = len(self.event_shape)
        values = tf.reshape(
            against,
            tf.concat([tf.shape(against)[:-num_axes], [self.event_shape.num_elements()]], 0),
        )
        return -_sum_of_softplus(values)


@tf.custom_gradient
def _sum_of_softplus(a):
    """sum_i log(1 + exp(a_i)) over the last axis.

    Logarithms take most of the time, so one logarithm serves a product of up to 16 factors. The
    larger of 1 and exp(a) is taken out of each factor, so the product neither overflows nor loses
    digits.
    """
    width = max(w for w in range(1, 17) if a.shape[-1] % w == 0)
    factors = tf.reshape(a, tf.concat([tf.shape(a)[:-1], [width, a.shape[-1] // width]], 0))
    large = tf.reduce_sum(tf.nn.relu(factors), axis=-2)
    rest = tf.math.log(tf.reduce_prod(1.0 + tf.exp(-tf.abs(factors)), axis=-2))
    # The gradient of the product itself would be expensive.
    return tf.reduce_sum(large + rest, axis=-1), lambda dy: dy[..., tf.newaxis] * tf.sigmoid(a)


@tfk.saving.register_keras_serializable("keras_vae")
class Bernoulli(Likelihood):
    """Pixels in {0, 1} (Kingma & Welling 2014, eq. 11)."""

    support = Support.BINARY
    levels = 2
    joint = _BinaryValues

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        # An index would cost a copy in the gradient.
        return _Bernoulli(logits=tf.squeeze(params, axis=-1), dtype=tf.float32)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        return tf.cast(uniforms(0) < p.mean(), tf.float32)

    def nll_of_mean(self, x: TensorLike, mean: TensorLike) -> np.ndarray:
        probs = np.clip(mean, SMALLEST, 1.0 - SMALLEST)
        return -sum_of_values(x * np.log(probs) + (1.0 - x) * np.log1p(-probs))

    def averaged(self, params: tf.Tensor, log_weights: TensorLike) -> tfd.Distribution:
        """A Bernoulli too, whose logarithms are taken once instead of at every point."""
        logits = tf.clip_by_value(params[..., 0], -_CERTAIN, _CERTAIN)
        weights = tf.exp(log_weights)
        on, off = (tf.linalg.matvec(tf.sigmoid(sign * logits), weights) for sign in (1.0, -1.0))
        return self((tf.math.log(on) - tf.math.log(off))[..., tf.newaxis])


@tfk.saving.register_keras_serializable("keras_vae")
class ContinuousBernoulli(Likelihood):
    """Pixels in [0, 1], with the constant that a Bernoulli on grey values leaves out.

    References:
      Loaiza-Ganem & Cunningham 2019, The continuous Bernoulli.
    """

    support = Support.UNIT

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.ContinuousBernoulli(logits=params[..., 0])

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        logits, u = p.logits_parameter(), uniforms(0)
        # Positive logits are mirrored, so that the exponential is of a negative number. Near 0 the
        # first two terms of a series take over.
        is_flat, rising = tf.abs(logits) < 0.01, logits > 0.0
        rate, v = tf.where(is_flat, 1.0, tf.abs(logits)), tf.where(rising, 1.0 - u, u)
        x = -tf.math.log(1.0 - v + v * tf.exp(-rate)) / rate
        x = tf.where(rising, 1.0 - x, x)
        return tf.where(is_flat, u + 0.5 * logits * u * (1.0 - u), x)
