"""Scales: positive numbers from any, which are 1 at 0."""

import numpy as np

from keras_vae._compat import tf

# softplus(x + _UNIT) is 1 at x = 0.
_UNIT = float(np.log(np.expm1(1.0)))
# Keeps log-densities finite where softplus underflows.
_MIN = 1e-5


def scale_of(raw):
    """The scale that the network's output `raw` stands for: 1 at 0, always above 0."""
    return tf.math.softplus(raw + _UNIT) + _MIN


def raw_of(scale):
    """The number (or numpy array of them) whose `scale_of` is `scale`."""
    softplus = scale - _MIN
    return softplus + np.log(-np.expm1(-softplus)) - _UNIT  # exp(softplus) could overflow.
