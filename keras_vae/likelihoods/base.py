"""What every likelihood is."""

import abc
import enum
import functools
import math
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfkl, tfpl
from keras_vae.distributions import Uniforms, Values, draw_from_mixture
from keras_vae.messages.remedies import to_support
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.positive import positive

# Pixels that never vary would otherwise drive a learned scale to 0 and the density to infinity.
MIN_SCALE = 1e-3
# `check_draw` compares the mean of so many draws with that of the distribution.
_NUM_DRAWS = 4096
# What `nll_of_mean` takes for a probability or rate of 0: means may be rounded.
SMALLEST = 1e-6


class Support(enum.Enum):
    """What values a likelihood gives mass to."""

    BINARY = "{0, 1}"
    UNIT = "[0, 1]"
    REAL = "real numbers"
    LEVELS = "k / (levels - 1), k = 0 .. levels - 1"
    COUNTS = "whole numbers from 0 on"
    COLUMNS = "cells of a table, each as its column has them"

    @property
    def is_discrete(self) -> bool:
        """Whether log p(x) is of a probability; else it is of a density."""
        return self in (Support.BINARY, Support.LEVELS, Support.COUNTS)


class Likelihood(Float32, tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [..., H, W, C, k] -> p(x|z), batch [...], event [H, W, C].

    As a tensor, the distribution is its mean. A likelihood of your own says what the distribution
    of a value is and, where TFP has no quantile function for it, how exported files `draw` it:

        @tfk.saving.register_keras_serializable("mine")
        class Gumbel(Likelihood):
            params_per_value = 2

            def per_value(self, params):
                return tfd.Gumbel(params[..., 0], positive_scale(params[..., 1]))

    Args:
      event_shape: shape of x.

    Attributes:
      params_per_value: k, the parameters that one value of x needs, unless `params_shape` says
        otherwise.
      support: the values of x that the likelihood gives mass to.
      levels: the number of these values, 0 and 1 among them; None for counts and real numbers.
      joint: the class that joins the distributions of the values, a `Values`.
      is_drawn: whether samples are draws of p(x|z) instead of its mean, as categories have none.
    """

    params_per_value: int = 1
    support: Support = Support.REAL
    levels: int | None = None
    joint: type[Values] = Values
    is_drawn: bool = False

    def __init__(self, event_shape: tuple, **kwargs):
        super().__init__(
            lambda params: self.joint(self.per_value(params), len(event_shape), self.draw),
            convert_to_tensor_fn=tfd.Distribution.mean,
            **kwargs,
        )
        self.event_shape = tuple(event_shape)

    @property
    def params_shape(self) -> tuple:
        """The shape of the parameters of one x, [H, W, C, k]."""
        return (*self.event_shape, self.params_per_value)

    def check_values(self, x: TensorLike) -> None:
        """Raises ValueError unless this likelihood gives mass to float x [..., H, W, C]."""
        x = np.asarray(x)
        if self._holds(x):
            for end in self._ends_without_mass:
                if np.any(x == end):
                    raise ValueError(
                        f"x has the value {end:g}, where the log-density of {type(self).__name__} "
                        "isn't finite. Move x off the ends, as by np.clip(x, 1e-5, 1 - 1e-5), or "
                        "bound the density."
                    )
            return
        if bad := np.size(x) - np.count_nonzero(np.isfinite(x)):
            first = tuple(np.argwhere(~np.isfinite(x))[0].tolist())
            raise ValueError(
                f"x must be finite, got {bad} NaN or infinite values, the first at {first}. Clean "
                "x, as by np.nan_to_num."
            )
        low, high = float(x.min()), float(x.max())
        is_whole = bool(np.all(x == np.round(x)))
        remedy = to_support(self.support.name.lower(), low, high, is_whole, self.levels)
        raise ValueError(
            f"x has values that {type(self).__name__} gives no mass to: wanted "
            f"{self.support.value}, got values from {low:g} to {high:g}, the first "
            f"{x.ravel()[:3]}. {remedy}"
        )

    def check_known(self, mask: np.ndarray) -> None:
        """Raises ValueError unless the known values of x are of a tractable density.

        Args:
          mask: bool [..., H, W, C], which values are known; or [..., 1].
        """

    @functools.cached_property
    def _ends_without_mass(self) -> list[float]:
        """The ends of [0, 1] where the log-density or its gradient isn't finite.

        Images are full of 0 and 1, and would train to NaN.
        """
        if self.support is not Support.UNIT:
            return []

        def is_finite_at(end):
            with tf.GradientTape() as tape:
                params = tf.zeros(self.params_shape)
                tape.watch(params)
                log_prob = self.per_value(params).log_prob(tf.fill(self.event_shape, end))
            gradient = tape.gradient(log_prob, params)
            return np.all(np.isfinite(log_prob)) and np.all(np.isfinite(gradient))

        return [end for end in (0.0, 1.0) if not is_finite_at(end)]

    def _holds(self, x) -> bool:
        if self.support is Support.BINARY:
            return np.count_nonzero(x == 0) + np.count_nonzero(x == 1) == x.size
        low, high = x.min(), x.max()  # NaN where one value is.
        if self.support is Support.UNIT:
            return bool(low >= 0 and high <= 1)
        if self.support is Support.COUNTS:
            return bool(low >= 0 and high < np.inf and np.all(x == np.round(x)))
        return bool(low > -np.inf and high < np.inf)

    @abc.abstractmethod
    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        """The distribution of every single value of x, batch [..., H, W, C], event [].

        Where values depend on each other along the last axis: batch [..., H, W], event [C].
        """

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        """Values [..., H, W, C] from uniform numbers, by operators that every runtime has.

        Exported files draw by this method, because TFP's own draws need TensorFlow. By default it
        is the quantile function.

        Args:
          p: what `per_value` gives.
          uniforms: (i) -> numbers above 0 and below 1, [..., H, W, C]; those of i = 0 and i = 1 are
            independent.

        Raises:
          ValueError: TFP has no quantile function of such a distribution.
        """
        try:
            return p.quantile(uniforms(0))
        except NotImplementedError:
            raise ValueError(
                f"{type(self).__name__} can't be drawn in exported files: {p.name} has no quantile "
                f"function. Write {type(self).__name__}.draw(p, uniforms), which makes values of "
                "uniform numbers."
            ) from None

    def check_draw(self) -> None:
        """Raises ValueError unless `draw` works, and draws what the density says.

        The mean of some four thousand draws is compared with that of the distribution.
        """
        num_images = -(-_NUM_DRAWS // math.prod(self.event_shape))
        shape = [num_images, *self.event_shape]
        p = self.per_value(tf.zeros([num_images, *self.params_shape]))
        rng = np.random.default_rng(0)
        uniforms = [rng.uniform(0.5 / _NUM_DRAWS, 1.0, shape).astype(np.float32) for _ in range(3)]
        drawn = np.asarray(self.draw(p, lambda i: tf.constant(uniforms[i])), np.float64)
        error = np.std(drawn) / drawn.size**0.5
        found, wanted = np.mean(drawn), np.mean(p.mean(), dtype=np.float64)
        if not abs(found - wanted) <= 6.0 * error + 1e-5:
            raise ValueError(
                f"{type(self).__name__}.draw makes values of mean {found:.4g} +- {error:.2g} where "
                f"the distribution of per_value has mean {wanted:.4g}: they must be the same."
            )

    def nll_of_mean(self, x: TensorLike, mean: TensorLike) -> np.ndarray | None:
        """-log p(x) in nats, [B], of the p with this mean, up to a term of x alone.

        Args:
          x: [B, H, W, C].
          mean: [B, H, W, C].

        Returns:
          None where the mean alone doesn't settle p.
        """
        del x, mean
        return None

    def statistics(self, mean: tf.Tensor, drawn: tf.Tensor, about: tf.Tensor) -> tf.Tensor:
        """What is averaged over z to fill unknown values, [..., *statistics].

        Args:
          mean, drawn: E(x|z) and a draw of p(x|z), [..., H, W, C].
          about: a typical x, which leaves few digits to cancel.
        """
        drawn = drawn - about
        return tf.stack([mean - about, drawn, drawn**2], axis=-1)

    def settled(self, statistics: tf.Tensor, about: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(what stands for x, its spread), each [..., H, W, C], by averages of `statistics`.

        By default the mean and the standard deviation.
        """
        mean, first, second = tf.unstack(statistics, axis=-1)
        return about + mean, tf.sqrt(tf.maximum(second - first**2, 0.0))

    def averaged(self, params: tf.Tensor, log_weights: TensorLike) -> tfd.Distribution:
        """The mixture, value by value, of parameters [..., H, W, C, R, k]; log_weights are [R]."""
        each = self.per_value(params)
        mixture = tfd.MixtureSameFamily(tfd.Categorical(log_weights), each)
        return Values(
            mixture, len(self.event_shape), lambda p, u: draw_from_mixture(p, u, self.draw)
        )

    def get_config(self) -> dict[str, Any]:
        # DistributionLambda's own get_config pickles Python functions.
        return tfkl.Layer.get_config(self) | {"event_shape": self.event_shape}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Likelihood":
        return cls(**config)


def positive_scale(raw_scale: TensorLike) -> tf.Tensor:
    """The scale of a real value from a network's output; 0.5 at 0."""
    return positive(raw_scale, 0.5, MIN_SCALE)


def sum_of_values(each: np.ndarray) -> np.ndarray:
    """The sum [B] over the values of each example, of [B, H, W, C]."""
    return np.sum(each, axis=tuple(range(1, np.ndim(each))))
