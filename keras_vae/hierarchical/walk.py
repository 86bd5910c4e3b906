"""Walks through layers, where each one's distribution depends on the z of those before it.

What goes through the layers asks `choose(layer, distribution)` for the z of each. So one walk
serves to draw z, to score a given one and, in a ladder, to draw from q while p is computed.
"""

from collections.abc import Callable, Sequence

from keras_vae._compat import TensorLike, tf, tfd


def given(z: TensorLike, sizes: Sequence[int]) -> Callable:
    """Chooses what stands in z [..., D]; sizes are those of the layers."""
    parts = tf.split(z, sizes, axis=-1)
    return lambda layer, distribution: parts[layer]


def log_probs(distributions: Sequence[tfd.Distribution], parts: Sequence[tf.Tensor]) -> tf.Tensor:
    """[L, ...]: log density of each layer's z_l, of the very tensors that were chosen: some
    distributions know those that they drew."""
    return tf.stack([d.log_prob(part) for d, part in zip(distributions, parts, strict=True)])
