"""Walks through layers, where each one's distribution depends on the z of those before it.

A walk asks `choose(layer, distribution, state)` for the z of each layer; the distribution was made
of the state. So one walk serves to draw z, to score a given z and, in a ladder, to draw from q
while p is computed.
"""

import math
from collections.abc import Callable, Sequence

from keras_vae._compat import TensorLike, tf, tfd
from keras_vae.ops.shapes import flat, shaped


def joined(parts: Sequence[tf.Tensor], shapes: Sequence[tuple[int, ...]]) -> tf.Tensor:
    """z [..., D] of each layer's z_l [..., *shape_l]."""
    return tf.concat([flat(z, len(s)) for z, s in zip(parts, shapes, strict=True)], axis=-1)


def given(z: TensorLike, shapes: Sequence[tuple[int, ...]]) -> Callable:
    """The `choose` that gives each layer its part of z [..., D], by the shapes of their latents."""
    parts = tf.split(z, [math.prod(shape) for shape in shapes], axis=-1)
    return lambda layer, distribution, state: shaped(parts[layer], shapes[layer])


def log_probs(distributions: Sequence[tfd.Distribution], parts: Sequence[tf.Tensor]) -> tf.Tensor:
    """Log density of each layer's z_l, [L, ...].

    Parts must be the very tensors that were chosen: some distributions remember their draws.
    """
    return tf.stack([d.log_prob(part) for d, part in zip(distributions, parts, strict=True)])
