"""Chains of distributions: each layer's depends on the z of those before it on the way.

What goes through the layers asks `choose(layer, distribution)` for the z of each. So one pass
serves to draw z, to score a given one and, in a ladder, to draw from q while p is computed.
"""

import itertools
from collections.abc import Callable

from keras_vae._compat import tf, tfp
from keras_vae.distributions import Custom


def given(z, sizes) -> Callable:
    """Chooses what stands in z [..., D]; sizes are those of the layers."""
    parts = tf.split(z, sizes, axis=-1)
    return lambda layer, distribution: parts[layer]


def drawn(noise, sizes) -> Callable:
    """Chooses draws of normal distributions by noise [..., D]."""
    parts = tf.split(noise, sizes, axis=-1)
    return lambda layer, normal: normal.mean() + normal.stddev() * parts[layer]


def log_probs(distributions, z, sizes):
    """[L, ...]: log density of each layer's part of z [..., D]."""
    parts = tf.split(z, sizes, axis=-1)
    return tf.stack([d.log_prob(part) for d, part in zip(distributions, parts, strict=True)])


class Chain(Custom):
    """The distribution of all layers together, event [D]. It has no mean in closed form.

    Args:
      walk: choose -> (distribution of each layer, z [..., D]).
      sizes: of the layers.
      batch_shape: of the layer that comes first on the way.
    """

    def __init__(self, walk: Callable, sizes, batch_shape):
        parameters = dict(locals())
        self._walk, self._sizes, self._first_batch_shape = walk, sizes, batch_shape
        super().__init__(parameters)

    def _batch_shape(self):
        return tf.TensorShape(self._first_batch_shape)

    def _event_shape(self):
        return tf.TensorShape([sum(self._sizes)])

    def _log_prob(self, z):
        distributions, _ = self._walk(given(z, self._sizes))
        return tf.reduce_sum(log_probs(distributions, z, self._sizes), axis=0)

    def _sample_n(self, n, seed=None):
        seeds = iter(tfp.random.split_seed(seed, len(self._sizes)))
        sample_shapes = itertools.chain([n], itertools.repeat([]))

        def choose(layer, distribution):
            # Those after the first have as many in their batch as were drawn before them.
            return distribution.sample(next(sample_shapes), seed=next(seeds))

        return self._walk(choose)[1]
