"""Draws of p(x|z) from uniform numbers, by operators that every runtime has.

TFP draws by random operators, which ask for TensorFlow; here a draw is a function of uniform
numbers: of most distributions the quantile function.
"""

import functools

from export import random_tensorflow
from export.random_numpy import Stream
from keras_vae._compat import tf, tfd
from keras_vae.conditions import Completed
from keras_vae.likelihoods.levels import Levels
from keras_vae.likelihoods.logistic import RoundedLogistic
from keras_vae.ops.categorical import from_uniform


@tf.autograph.experimental.do_not_convert  # It warns that it can't read functools.
def draw(p, uniform):
    """x [..., *event_shape] of p(x|z).

    Args:
      p: what a decoder gives.
      uniform: stream -> numbers above 0 and below 1, [..., *event_shape]: of `Stream.PIXEL`, and
        where one number for each value isn't enough of PIXEL_2, and CHOICE for that of a component.

    Raises:
      TypeError: it isn't known how to draw from such a distribution.
    """
    return _draw(getattr(p, "tensor_distribution", p), uniform)


@functools.singledispatch
def _draw(p, uniform):
    raise TypeError(
        f"it isn't known how to draw from a {type(p).__name__} on a device. Use one of this "
        "project's likelihoods."
    )


@_draw.register(tfd.Independent.__base__)  # This, where parts are not TFP's own.
def _(p, uniform):
    return _draw(p.distribution, uniform)


@_draw.register
def _(p: Levels, uniform):
    return _draw(p.base, uniform) / (p.levels - 1)


@_draw.register
def _(p: Completed, uniform):
    return tf.where(p.mask, p.given, _draw(p.base, uniform))


@_draw.register
def _(p: tfd.Bernoulli, uniform):
    return tf.cast(uniform(Stream.PIXEL) < p.mean(), tf.float32)


@_draw.register
def _(p: tfd.ContinuousBernoulli, uniform):
    logits, u = p.logits_parameter(), uniform(Stream.PIXEL)
    # Mirrored, so that the exponential is of a negative number; near 0, the first two terms of a
    # series take over.
    is_flat, rising = tf.abs(logits) < 0.01, logits > 0.0
    rate, v = tf.where(is_flat, 1.0, tf.abs(logits)), tf.where(rising, 1.0 - u, u)
    x = -tf.math.log(1.0 - v + v * tf.exp(-rate)) / rate
    x = tf.where(rising, 1.0 - x, x)
    return tf.where(is_flat, u + 0.5 * logits * u * (1.0 - u), x)


@_draw.register
def _(p: tfd.Normal, uniform):
    radius = tf.sqrt(-2.0 * tf.math.log(uniform(Stream.PIXEL)))
    return p.loc + p.scale * radius * _cosine(uniform)


@_draw.register
def _(p: tfd.StudentT, uniform):
    # Bailey 1994, Polar generation of random variates with the t-distribution.
    radius = tf.sqrt(p.df * (tf.pow(uniform(Stream.PIXEL), -2.0 / p.df) - 1.0))
    return p.loc + p.scale * radius * _cosine(uniform)


@_draw.register
def _(p: tfd.Laplace, uniform):
    centred = uniform(Stream.PIXEL) - 0.5
    return p.loc - p.scale * tf.sign(centred) * tf.math.log(1.0 - 2.0 * tf.abs(centred))


@_draw.register
def _(p: RoundedLogistic, uniform):
    u = uniform(Stream.PIXEL)
    x = p.distribution.loc + p.distribution.scale * (tf.math.log(u) - tf.math.log(1.0 - u))
    return tf.clip_by_value(tf.math.ceil(x), p.low, p.high)


@_draw.register
def _(p: tfd.Categorical, uniform):
    return tf.cast(from_uniform(p.logits_parameter(), uniform(Stream.PIXEL)), tf.float32)


@_draw.register
def _(p: tfd.Poisson, uniform):
    u, log_rate = uniform(Stream.PIXEL), p.log_rate_parameter()

    def is_below(k, x, log_mass, cumulative):
        return tf.reduce_any(u > cumulative) & (k < _MOST_COUNTS)

    def count(k, x, log_mass, cumulative):
        x = x + tf.cast(u > cumulative, tf.float32)
        log_mass = log_mass + log_rate - tf.math.log(k + 1.0)
        return k + 1.0, x, log_mass, cumulative + tf.exp(log_mass)

    of_none = -tf.exp(log_rate)
    start = 0.0, tf.zeros_like(u), of_none, tf.exp(of_none)
    return tf.while_loop(is_below, count, start)[1]


@_draw.register(tfd.MixtureSameFamily.__base__)  # See the comment above.
def _(p, uniform):
    event = len(p.event_shape)
    choice = uniform(Stream.CHOICE)[(..., *[0] * event)]  # one for all values of an event
    logits = p.mixture_distribution.logits_parameter()
    taken = tf.one_hot(from_uniform(logits, choice), logits.shape[-1])  # [..., K]
    for _ in range(event):
        taken = taken[..., tf.newaxis]
    # The same numbers for all components, of which one is taken.
    axis = -1 - event
    drawn = _draw(p.components_distribution, lambda s: tf.expand_dims(uniform(s), axis))
    return tf.reduce_sum(taken * drawn, axis)


# Uniform numbers have 24 bits; and no runtime should count for ever.
_MOST_COUNTS = 10_000.0


def _cosine(uniform):
    return tf.cos(random_tensorflow.turn(uniform(Stream.PIXEL_2)))
