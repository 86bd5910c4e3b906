"""Tensors [..., *event] of samples and examples, and what networks can do with them.

The event of dense networks is [F], that of a map [h, w, F].
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf
from keras_vae.ops.whole_numbers import is_whole


def over_samples(network: Callable, x: TensorLike, event_rank: int = 1) -> tf.Tensor:
    """A network of [N, *event], which knows one batch axis, applied to x [..., *event]."""
    y = network(tf.reshape(x, [-1, *x.shape[-event_rank:]]))
    return tf.reshape(y, tf.concat([tf.shape(x)[:-event_rank], y.shape[1:]], 0))


def shaped(x: TensorLike, event_shape: Sequence[int]) -> tf.Tensor:
    """x [..., N] as [..., *event_shape], of as many values."""
    if len(event_shape) == 1:
        return x
    return tf.reshape(x, tf.concat([tf.shape(x)[:-1], event_shape], 0))


def flat(x: TensorLike, event_rank: int) -> tf.Tensor:
    """x [..., *event] as [..., N]."""
    if event_rank == 1:
        return x
    size = math.prod(x.shape[-event_rank:])
    return tf.reshape(x, tf.concat([tf.shape(x)[:-event_rank], [size]], 0))


def batch_shape(context: TensorLike | None) -> tf.Tensor:
    """[B] of a context [B, ...], [] of None."""
    return tf.zeros([0], tf.int32) if context is None else tf.shape(context)[:1]


def with_context(x: TensorLike, context: TensorLike | None, event_rank: int = 1) -> tf.Tensor:
    """x [..., B, *event] beside the context [B, ...], or x if None.

    The context is flat, and the same for all samples and all places of a map.
    """
    if context is None:
        return x
    size = math.prod(context.shape[1:])
    context = tf.reshape(context, [-1, *[1] * (event_rank - 1), size])
    context = tf.broadcast_to(context, tf.concat([tf.shape(x)[:-1], [size]], 0))
    return tf.concat([x, context], axis=-1)


def latent_shape_of(part: Any, latent_dim: Any) -> tuple[int, ...]:
    """The shape of z of a prior or posterior that is given D, or (h, w, d).

    Raises:
      ValueError: D is less than 1, or the part takes no maps.
    """
    shape = (latent_dim,) if is_whole(latent_dim) else tuple(latent_dim)
    if not shape or not all(is_whole(size) and size >= 1 for size in shape):
        raise ValueError(f"latent_dim must be at least 1, or (h, w, d), got {latent_dim!r}.")
    if len(shape) > 1 and not part.takes_maps:
        raise ValueError(
            f"latent_dim must be one whole number for {type(part).__name__}, got {shape}: it is "
            "of flat latents."
        )
    return shape


def latent_dim_of(latent_shape: tuple[int, ...]) -> int | tuple[int, ...]:
    """What `latent_shape_of` was given, as a config holds it."""
    return latent_shape[0] if len(latent_shape) == 1 else latent_shape
