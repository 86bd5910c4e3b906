"""Columns of categories: in no order, and in an order."""

from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfd
from keras_vae.columns import Column
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.columns.family import NEVER, Family, padded
from keras_vae.ops.categorical import from_uniform, log_softmax
from keras_vae.ops.positive import positive

_NARROWEST = 0.01


class Choices(Family):
    """A free probability for each category; at first their frequencies.

    Where there can be categories that no training row has, all of them together have probability
    1 / (N + 1), by Laplace's rule, whatever z is: nothing could be learned of them. They are never
    drawn.

    Args:
      columns: n columns; those with fewer categories than others have some of probability 0.
    """

    def __init__(self, columns: Sequence[Column]):
        super().__init__(columns)
        most = max(len(column.categories) for column in columns)
        self.num_params = most
        self._start = padded([np.log(c.frequencies) for c in columns], most, NEVER)  # [n, K]
        unseen = [np.log(c.unseen) if c.unseen else NEVER for c in columns]
        self._unseen = np.array(unseen, np.float32)[:, np.newaxis]
        places = [[len(column.categories)] for column in columns]
        self._is_unseen = np.arange(most + 1) == places  # [n, K + 1]

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        return self._with_unseen(log_softmax(params + self._start))

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        return tf.cast(from_uniform(self._of_seen(p), uniforms(0)), tf.float32)

    def sample(self, p: tfd.Distribution, n: int, seed: tf.Tensor) -> tf.Tensor:
        return tfd.Categorical(logits=self._of_seen(p), dtype=p.dtype).sample(n, seed=seed)

    def center(self, p: tfd.Distribution) -> tf.Tensor:
        return tf.cast(tf.argmax(self._of_seen(p), axis=-1), tf.float32)

    def holds(self, x: np.ndarray) -> np.ndarray:
        highest = [column.num_choices - 1 for column in self.columns]
        return (x >= 0) & (x <= highest) & (x == np.rint(x))

    def _with_unseen(self, log_probs):
        """The distribution of log-probabilities [..., n, K] and of what is unseen."""
        log_probs = log_probs + np.log1p(-np.exp(self._unseen))
        beside = tf.zeros_like(log_probs[..., :1]) + NEVER
        log_probs = tf.concat([log_probs, beside], axis=-1)
        log_probs = tf.where(self._is_unseen, self._unseen, log_probs)
        return tfd.Categorical(logits=log_probs, dtype=tf.float32)

    def _of_seen(self, p):
        return tf.where(self._is_unseen, NEVER, p.logits_parameter())


class OrderedChoices(Choices):
    """Cumulative logits: P(x <= k) = sigmoid((c_k - loc) / scale), of K categories in order.

    The c_k are stored: for loc = 0 and scale = 1 the probabilities are the data's frequencies.

    References:
      McCullagh 1980, Regression models for ordinal data.
    """

    def __init__(self, columns: Sequence[Column]):
        super().__init__(columns)
        self.num_params = 2
        shares = np.array([column.frequencies for column in columns], np.float64)
        below = np.cumsum(shares / shares.sum(axis=-1, keepdims=True), axis=-1)[:, :-1]
        self._cutpoints = np.log(below / (1.0 - below)).astype(np.float32)  # [n, K - 1]

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        loc, raw_scale = tf.unstack(params, axis=-1)
        scale = positive(raw_scale, 1.0 - _NARROWEST, _NARROWEST)
        cutpoints = self._cutpoints / scale[..., tf.newaxis]
        ordered = tfd.OrderedLogistic(cutpoints=cutpoints, loc=loc / scale)
        return self._with_unseen(ordered.categorical_log_probs())
