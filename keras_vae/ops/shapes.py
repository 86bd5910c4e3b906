"""Tensors [..., F] of samples and examples, and what dense networks can do with them."""

import math

from keras_vae._compat import tf


def over_samples(network, x):
    """A network of [N, F], which knows one batch axis, applied to x [..., F]."""
    y = network(tf.reshape(x, [-1, x.shape[-1]]))
    return tf.reshape(y, tf.concat([tf.shape(x)[:-1], y.shape[1:]], 0))


def batch_shape(context):
    """[B] of a context [B, ...], [] of None."""
    return tf.zeros([0], tf.int32) if context is None else tf.shape(context)[:1]


def with_context(x, context):
    """x [..., B, F] beside the context [B, ...], flat, the same for all samples; or x if None."""
    if context is None:
        return x
    size = math.prod(context.shape[1:])
    context = tf.reshape(context, [-1, size])
    context = tf.broadcast_to(context, tf.concat([tf.shape(x)[:-1], [size]], 0))
    return tf.concat([x, context], axis=-1)
