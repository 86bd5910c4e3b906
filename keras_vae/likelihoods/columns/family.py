"""Family: the distributions of several columns of one form."""

import abc
from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfb, tfd
from keras_vae.columns import Column, Squash, squashes_of
from keras_vae.distributions import Uniforms

NEVER = -1e9  # the log of no probability, finite for its gradient's sake


class Family(abc.ABC):
    """Distributions of n columns that have as many parameters each.

    Args:
      columns: n columns.

    Attributes:
      num_params: k, the parameters of a column.
    """

    num_params: int

    def __init__(self, columns: Sequence[Column]):
        self.columns = columns

    @abc.abstractmethod
    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        """The distributions of x, batch [..., n], event []; params are [..., n, k].

        The log-density is that of the cell, in the column's own units.
        """

    @abc.abstractmethod
    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        """Draws [..., n] of what `distribution` gave; see `Likelihood.draw`."""

    def sample(self, p: tfd.Distribution, n: int, seed: tf.Tensor) -> tf.Tensor:
        """Draws [n, ..., columns] of p by TFP, in Python and in graphs."""
        return p.sample(n, seed=seed)

    @abc.abstractmethod
    def center(self, p: tfd.Distribution) -> tf.Tensor:
        """One value [..., n] that stands for p: the likeliest, or one in the middle."""

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Which of x [N, n] have mass, bool."""
        return np.isfinite(x)


def squash_of(columns: Sequence[Column]) -> tfb.Bijector:
    """The stored transforms of n columns, x [..., n] to standard scales, in float64.

    float32 would lose the width of a narrow bin, the difference of two numbers nearly equal.
    """

    def stored(field):
        return np.array([getattr(c.squash or Squash(), field) for c in columns], np.float64)

    steps = [
        tfb.Scale(1.0 / stored("stddev")),
        tfb.Shift(-stored("mean")),
        tfb.Invert(tfb.Sinh()),
        tfb.Scale(1.0 / stored("width")),
        tfb.Shift(-stored("center")),
    ]
    return tfb.Chain(steps)


class Unsquash:
    """x [..., n] of values y on n columns' standard scales, by operators that every runtime has.

    It is the inverse of `squash_of`, in float32: see `Squashes`.
    """

    def __init__(self, columns: Sequence[Column]):
        self._squashes = squashes_of([column.squash or Squash() for column in columns])

    def __call__(self, y: tf.Tensor) -> tf.Tensor:
        def constant(values):
            return tf.constant(values, tf.float32)

        is_affine, *others = self._squashes
        loc, scale, mean, stddev = map(constant, others)
        y = tf.clip_by_value(y, -50.0, 50.0)
        bent = tf.clip_by_value(stddev * y + mean, -80.0, 80.0)
        sinh = 0.5 * (tf.exp(bent) - tf.exp(-bent))
        return loc + scale * tf.where(is_affine, y, sinh)


def padded(rows: Sequence[Sequence[float] | np.ndarray], length: int, value: float) -> np.ndarray:
    """float32 [n, length]: each row filled up with `value`."""
    return np.array([[*row, *[value] * (length - len(row))] for row in rows], np.float32)
