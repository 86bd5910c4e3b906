"""Positive numbers from any real numbers, such as networks and weights give."""

import math

import numpy as np

from keras_vae._compat import TensorLike, tf

# Keeps log-densities finite where softplus underflows.
NARROWEST = 1e-5


def positive(raw: TensorLike, at_zero: float, minimum: float) -> tf.Tensor:
    """softplus of `raw`, moved so that it is at_zero + minimum at 0; always above `minimum`."""
    return tf.math.softplus(raw + inverse_softplus(at_zero)) + minimum


def inverse_softplus(x: float) -> float:
    """The number whose softplus is x > 0."""
    return math.log(math.expm1(x))


def scale_of(raw: TensorLike, minimum: float = NARROWEST) -> tf.Tensor:
    """The scale that the network's output `raw` stands for: about 1 at 0, above the minimum."""
    return positive(raw, 1.0, minimum)


def raw_of(scale: float | np.ndarray) -> float | np.ndarray:
    """The number (or numpy array of them) whose `scale_of` is `scale`."""
    softplus = scale - NARROWEST
    # exp(softplus) could overflow.
    return softplus + np.log(-np.expm1(-softplus)) - inverse_softplus(1.0)
