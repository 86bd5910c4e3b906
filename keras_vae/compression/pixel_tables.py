"""The values of images, as a coder goes through them: channels that depend on others come last."""

import functools
from collections.abc import Callable, Iterator

import numpy as np

from keras_vae._compat import tf, tfd
from keras_vae.likelihoods import ColourMixture, Likelihood


class Pixels:
    """Probabilities of the levels of all values of images.

    The values of a turn are independent of each other, given z and the turns before it. A turn is
    one channel where channels depend on each other, else all of them.

    Args:
      likelihood: of levels, or black and white.
      levels: how many values there are.
      observe: what the model's decoder reads -> p(x|z).
    """

    def __init__(self, likelihood: Likelihood, levels: int, observe: Callable):
        self._observe, self._levels, self._shape = observe, levels, likelihood.event_shape
        self._in_turn = isinstance(likelihood, ColourMixture)
        # One graph for each turn, of any number of images: another might round otherwise.
        self._graph_of = functools.cache(self._traced)

    def turns(self) -> Iterator[slice]:
        """The channels of each turn."""
        channels = self._shape[-1]
        step = 1 if self._in_turn else channels
        return (slice(start, start + step) for start in range(0, channels, step))

    def table(self, state: tf.Tensor, before: np.ndarray) -> np.ndarray:
        """Probabilities of the next turn's levels, [values of the turn, levels].

        Args:
          state: what the decoder reads, for B images.
          before: the channels of the turns before, as values in [0, 1], [B, H, W, c].
        """
        return self._graph_of(tuple(state.shape[1:]), before.shape[-1])(state, before).numpy()

    def _traced(self, state_shape, num_before):
        before = tf.TensorSpec([None, *self._shape[:-1], num_before])
        return tf.function(self._probs).get_concrete_function(
            tf.TensorSpec([None, *state_shape]), before
        )

    def _probs(self, state, before):
        values: tfd.Distribution = self._observe(state).distribution
        if self._in_turn:
            masses = values.next_masses(before)
        else:
            levels = tf.range(float(self._levels)) / (self._levels - 1)
            levels = tf.reshape(levels, [-1] + [1] * (1 + len(self._shape)))
            masses = tf.exp(values.log_prob(levels))
        return tf.transpose(tf.reshape(masses, [self._levels, -1]))
