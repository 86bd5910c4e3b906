"""Likelihoods of pixels in {0, 1} and [0, 1]."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.distributions import Values
from keras_vae.likelihoods.base import Likelihood, Support

# The logit whose sigmoid, and that of its opposite, float32 can still tell from 0.
_CERTAIN = 80.0


class _Bernoulli(tfd.Bernoulli):
    """tfd's, its density by one softplus where that takes two, and as exact for x in {0, 1}."""

    def _log_prob(self, x):
        return -tf.math.softplus(self.logits_against(x))

    def logits_against(self, x):
        """Logits of the value that x is not."""
        return (1.0 - 2.0 * x) * self.logits


class _BinaryValues(Values):
    def sum_of_logs(self, x):
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

    Logarithms are what takes most time, so there is one for the product of up to 16 factors: with
    the larger of 1 and exp(a) taken out of each, it neither overflows nor loses digits.
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
    joint = _BinaryValues

    def per_value(self, params):
        # An index would cost a copy in the gradient.
        return _Bernoulli(logits=tf.squeeze(params, axis=-1), dtype=tf.float32)

    def averaged(self, params, log_weights):
        """A Bernoulli too, of which logarithms are taken once instead of at every point."""
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

    def per_value(self, params):
        return tfd.ContinuousBernoulli(logits=params[..., 0])
