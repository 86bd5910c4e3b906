"""Columns of rounded numbers and of dates: probabilities of bins."""

from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfb, tfd, tfp
from keras_vae.columns import Column
from keras_vae.distributions import CHOICE, OfEachValue, Uniforms
from keras_vae.likelihoods.columns.densities import mixture_of, quantile
from keras_vae.likelihoods.columns.family import NEVER, Family, Unsquash, padded, squash_of
from keras_vae.likelihoods.logistic_bins import log_factors
from keras_vae.ops.categorical import from_uniform, log_softmax

# Bins have at most probability 1, so that components may be as narrow as float32 has it.
_NARROWEST = 1e-4


class Bins(Family):
    """Spikes and a mixture of logistics, rounded after a stored transform of their bins' edges.

    A spike is a value that is much more frequent than those around it, as 0 of most amounts, and
    has a probability of its own beside that of the mixture; at first its frequency.

    Args:
      columns: n columns; those with fewer spikes than others have some of probability 0.
      num_components: of the mixture.
    """

    def __init__(self, columns: Sequence[Column], num_components: int = 5):
        super().__init__(columns)
        self.num_spikes = max(len(column.spikes) for column in columns)
        self.num_params = self.num_spikes + 3 * num_components
        self._squash, self._unsquash = squash_of(columns), Unsquash(columns)
        self._spikes = padded([c.spikes for c in columns], self.num_spikes, 0.0)
        shares = [np.log(c.frequencies or (1.0,)) for c in columns]
        self._start = padded([share[:-1] for share in shares], self.num_spikes, NEVER)
        self._rest = np.array([[share[-1]] for share in shares], np.float32)
        steps = [(column.step or 1.0) / column.unit for column in columns]
        self._half = 0.5 * np.array(steps, np.float64)  # of a bin's width, in x

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        raw, of_mixture = tf.split(params, [self.num_spikes, -1], axis=-1)
        mixture = mixture_of(of_mixture, "logistics", _NARROWEST)
        logits = tf.math.log_softmax(mixture.mixture_distribution.logits_parameter())
        return Binned(
            log_softmax(tf.concat([raw + self._start, logits + self._rest], axis=-1)),
            mixture.components_distribution,
            self._spikes,
            self._squash,
            self._unsquash,
            self._half,
        )

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        choice = from_uniform(p.log_shares, uniforms(CHOICE))
        return p.value_of(choice, quantile(p.logistics, lambda i: uniforms(i)[..., tf.newaxis]))

    def center(self, p: tfd.Distribution) -> tf.Tensor:
        """The value of the spike or of the component that most of the probability belongs to."""
        return p.value_of(tf.argmax(p.log_shares, axis=-1), p.logistics.loc)


class Binned(OfEachValue):
    """The distribution of x, which is rounded, or one of the spikes.

    Args:
      log_shares: of S spikes and K logistics, [..., n, S + K].
      logistics: batch [..., n, K], on the standard scale.
      spikes: x of each, [n, S].
      squash: a bijector from x to the standard scale, in float64.
      unsquash: the way back.
      half: half the width of a bin, in x, [n].
    """

    def __init__(
        self,
        log_shares: tf.Tensor,
        logistics: tfd.Distribution,
        spikes: np.ndarray,
        squash: tfb.Bijector,
        unsquash: Unsquash,
        half: np.ndarray,
    ):
        parameters = dict(locals())
        self.log_shares, self.logistics, self._spikes = log_shares, logistics, spikes
        self._squash, self._unsquash, self._half = squash, unsquash, half
        # What it has the shape of.
        self.base = tfd.Categorical(logits=log_shares)
        super().__init__(parameters, reparameterized=False)

    def _log_prob(self, x):
        of_spikes, of_logistics = tf.split(self.log_shares, [self._spikes.shape[-1], -1], axis=-1)
        exact = tf.cast(x, tf.float64)
        low, high = (
            self._squash.forward(exact - self._half),
            self._squash.forward(exact + self._half),
        )
        low, high, width = (
            tf.cast(edge, tf.float32)[..., tf.newaxis] for edge in (low, high, high - low)
        )
        of_bin = log_factors(low, high, width, self.logistics.loc, self.logistics.scale)
        parts = of_logistics + (of_bin.below + of_bin.above + of_bin.within)
        if self._spikes.shape[-1]:
            near = tf.abs(x[..., tf.newaxis] - self._spikes) < self._half[:, np.newaxis]
            parts = tf.concat([tf.where(near, of_spikes, NEVER), parts], axis=-1)
        return tf.reduce_logsumexp(parts, axis=-1)

    def _sample_n(self, n, seed=None):
        first, second = tfp.random.split_seed(seed)
        choice = self.base.sample(n, seed=first)
        return self.value_of(choice, self.logistics.sample(n, seed=second))

    def value_of(self, choice: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """x [..., n] of the spike or component of this number, a component's at y [..., n, K]."""
        # The step is the same for spikes and for bins: x is rounded to whole steps from 0.
        x = self._unsquash(tf.reduce_sum(y * self._taken(choice, y.shape[-1]), axis=-1))
        step = tf.constant(2.0 * self._half, tf.float32)
        x = step * tf.round(x / step)
        if not self._spikes.shape[-1]:
            return x
        taken = tf.one_hot(choice, self._spikes.shape[-1])
        is_spike = choice < self._spikes.shape[-1]
        return tf.where(is_spike, tf.reduce_sum(taken * self._spikes, axis=-1), x)

    def _taken(self, choice, num):
        return tf.one_hot(choice - self._spikes.shape[-1], num)
