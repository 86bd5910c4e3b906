"""Tensors [..., *event] of samples and examples, and what networks can do with them.

The event of dense networks is [F], that of a map [h, w, F].
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf
from keras_vae.ops.whole_numbers import is_whole


def over_samples(network: Callable, x: TensorLike, event_rank: int = 1) -> tf.Tensor:
    """A network of [N, *event], which knows one batch axis, applied to x [..., *event]: float32."""
    y = tf.cast(network(tf.reshape(x, [-1, *x.shape[-event_rank:]])), tf.float32)
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

    All samples have the same context. Beside maps [h, w, d], each place has its own part of a
    context that is an image [B, H, W, C] (`at_places`); any other context is flat, and the same
    everywhere.
    """
    if context is None:
        return x
    if event_rank == 3 and len(context.shape) == 4:
        context = at_places(context, *x.shape[-3:-1])
    else:
        size = math.prod(context.shape[1:])
        context = tf.reshape(context, [-1, *[1] * (event_rank - 1), size])
    shape = tf.concat([tf.shape(x)[:-1], context.shape[-1:]], 0)
    return tf.concat([x, tf.broadcast_to(context, shape)], axis=-1)


def at_places(image: TensorLike, height: int, width: int) -> tf.Tensor:
    """The part of an image that lies at each place of a map, as channels of that place.

    Args:
      image: [B, H, W, C].
      height, width: h and w, of the map.

    Returns:
      [B, h, w, f g C], the `patches` of f = ceil(H / h) x g = ceil(W / w) pixels.
    """
    rows, columns = image.shape[1:3]
    return patches(image, (height, width), (-(-rows // height), -(-columns // width)))


def patches(image: TensorLike, size: Sequence[int], factors: Sequence[int]) -> tf.Tensor:
    """An image [B, H, W, C] as h x w patches of f x g pixels, [B, h, w, f g C].

    It is filled up with zeros at the bottom and at the right to whole patches. Their values stand
    as in `tf.nn.space_to_depth`: row by row, all channels of a pixel together.

    Args:
      image: [B, H, W, C], at most h f x w g pixels.
      size: (h, w).
      factors: (f, g).
    """
    (height, width), (f, g) = size, factors
    rows, columns, channels = image.shape[1:]
    image = tf.pad(image, [[0, 0], [0, height * f - rows], [0, width * g - columns], [0, 0]])
    # Four axes at most: runtimes of exported files can't transpose six.
    image = tf.reshape(image, [-1, f, width, g * channels])
    image = tf.transpose(image, [0, 2, 1, 3])
    return tf.reshape(image, [-1, height, width, f * g * channels])


def halved(size: Sequence[int], times: int) -> tuple[int, ...]:
    """A size after so many halvings, each of which rounds up."""
    return tuple(-(-n // 2**times) for n in size)


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
            f"latent_dim must be one whole number for {type(part).__name__}, got {shape}: it takes "
            "flat latents only."
        )
    return shape


def latent_dim_of(latent_shape: tuple[int, ...]) -> int | tuple[int, ...]:
    """What `latent_shape_of` was given, as a config holds it."""
    return latent_shape[0] if len(latent_shape) == 1 else latent_shape
