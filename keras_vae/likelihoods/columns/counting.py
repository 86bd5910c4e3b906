"""Columns of counts."""

from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfd
from keras_vae.columns import Column
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.columns.family import Family
from keras_vae.ops.positive import positive

_MAX_LOG_RATE = 15.0
# Draws stop here: uniform numbers have 24 bits, and no runtime should count for ever.
_MOST_COUNTS = 10_000.0
_NUM_PARAMS = {"poisson": 1, "negative_binomial": 2, "zero_inflated": 3}


class Counts(Family):
    """Poisson or negative binomial counts, or negative binomial ones with a share of further zeros.

    The rate is at first the mean that the data's scale suggests, 1 above its width.

    Args:
      columns: n columns of one likelihood.
    """

    def __init__(self, columns: Sequence[Column]):
        super().__init__(columns)
        self._kind = str(columns[0].likelihood)
        self.num_params = _NUM_PARAMS[self._kind]
        means = [c.squash.center + c.squash.width * np.sinh(c.squash.mean) for c in columns]
        self._log_mean = np.log(np.maximum(means, 0.1)).astype(np.float32)  # [n]

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        log_rate = tf.minimum(params[..., 0] + self._log_mean, _MAX_LOG_RATE)
        if self._kind == "poisson":
            return tfd.Poisson(log_rate=log_rate)
        shape = positive(params[..., 1], 1.0, 1e-3)
        logits = log_rate - tf.math.log(shape)
        if self._kind == "negative_binomial":
            return tfd.NegativeBinomial(shape, logits=logits)
        # At first a tenth of the rows has a zero of the other kind. (TFP 0.25 doubles logits that
        # it is given in place of this probability.)
        return tfd.ZeroInflatedNegativeBinomial(
            total_count=shape,
            logits=logits,
            inflated_loc_probs=tf.sigmoid(params[..., 2] - 2.2),
        )

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        u = uniforms(0)
        first, ratio, more_zeros = self._recursion(p)

        def is_below(k, x, prob, cumulative):
            return tf.reduce_any(u > cumulative) & (k < _MOST_COUNTS)

        def count(k, x, prob, cumulative):
            x, prob = x + tf.cast(u > cumulative, tf.float32), prob * ratio(k)
            return k + 1.0, x, prob, cumulative + prob

        first = (1.0 - more_zeros) * first + tf.zeros_like(u)
        start = 0.0, tf.zeros_like(u), first, first + more_zeros
        return tf.while_loop(is_below, count, start)[1]

    def center(self, p: tfd.Distribution) -> tf.Tensor:
        return p.mean()

    def holds(self, x: np.ndarray) -> np.ndarray:
        return (x >= 0) & (x < np.inf) & (x == np.rint(x))

    def _recursion(self, p):
        """(P(0), a function k -> P(k + 1) / P(k), the share of further zeros): no gamma functions,
        which runtimes lack."""
        if self._kind == "poisson":
            rate = tf.exp(p.log_rate)
            return tf.exp(-rate), lambda k: rate / (k + 1.0), 0.0
        shape, logits = p.total_count, p.logits
        first = tf.exp(-shape * tf.math.softplus(logits))
        more_zeros = 0.0 if self._kind == "negative_binomial" else p.inflated_loc_probs
        return first, lambda k: (shape + k) / (k + 1.0) * tf.sigmoid(logits), more_zeros
