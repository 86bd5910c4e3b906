"""Family: the distributions of several columns of one form."""

import abc
from collections.abc import Sequence

import numpy as np

from keras_vae._compat import tf, tfb, tfd
from keras_vae.columns import Column, Squash
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

    It is the inverse of `squash_of`, in float32: a transform that is affine is computed as such,
    since float32 has no digits left of its asinh.
    """

    def __init__(self, columns: Sequence[Column]):
        squashes = [column.squash or Squash() for column in columns]
        stored = {
            field: np.array([getattr(s, field) for s in squashes], np.float64)
            for field in ("center", "width", "mean", "stddev", "is_affine")
        }
        self._affine = stored["is_affine"].astype(bool)
        self._loc = stored["center"] + self._affine * stored["width"] * stored["mean"]
        self._scale = np.where(self._affine, stored["width"] * stored["stddev"], stored["width"])
        self._mean, self._stddev = stored["mean"], stored["stddev"]

    def __call__(self, y: tf.Tensor) -> tf.Tensor:
        def constant(values):
            return tf.constant(values, tf.float32)

        y = tf.clip_by_value(y, -50.0, 50.0)
        bent = tf.clip_by_value(constant(self._stddev) * y + constant(self._mean), -80.0, 80.0)
        sinh = 0.5 * (tf.exp(bent) - tf.exp(-bent))
        return constant(self._loc) + constant(self._scale) * tf.where(self._affine, y, sinh)


def padded(rows: Sequence[Sequence[float] | np.ndarray], length: int, value: float) -> np.ndarray:
    """float32 [n, length]: each row filled up with `value`."""
    return np.array([[*row, *[value] * (length - len(row))] for row in rows], np.float32)
