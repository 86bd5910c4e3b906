"""What every likelihood is."""

import abc
import enum

import numpy as np

from keras_vae._compat import tfd, tfkl, tfpl
from keras_vae.distributions import Values
from keras_vae.messages.remedies import to_support
from keras_vae.ops.positive import positive

# Pixels that never vary would otherwise drive a learned scale to 0 and the density to infinity.
MIN_SCALE = 1e-3


class Support(enum.Enum):
    """What values a likelihood gives mass to."""

    BINARY = "{0, 1}"
    UNIT = "[0, 1]"
    REAL = "real numbers"
    LEVELS = "k / (levels - 1), k = 0 .. levels - 1"
    COUNTS = "whole numbers from 0 on"

    @property
    def is_discrete(self) -> bool:
        """Whether log p(x) is of a probability; else it is of a density."""
        return self in (Support.BINARY, Support.LEVELS, Support.COUNTS)


class Likelihood(tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [..., H, W, C, k] -> p(x|z), batch [...], event [H, W, C].

    As a tensor, the distribution is its mean.

    Args:
      event_shape: shape of x.

    Attributes:
      params_per_value: k, the parameters that one value of x needs.
      support: the values of x that it gives mass to.
      joint: what joins the distributions of the values, a `Values`.
    """

    params_per_value = 1
    support = Support.REAL
    joint = Values

    def __init__(self, event_shape, **kwargs):
        super().__init__(
            lambda params: self.joint(self.per_value(params), len(event_shape)),
            convert_to_tensor_fn=tfd.Distribution.mean,
            **kwargs,
        )
        self.event_shape = tuple(event_shape)

    def check_values(self, x) -> None:
        """Raises ValueError unless this likelihood gives mass to float x [..., H, W, C]."""
        x = np.asarray(x)
        if self._holds(x):
            return
        if bad := np.size(x) - np.count_nonzero(np.isfinite(x)):
            first = tuple(np.argwhere(~np.isfinite(x))[0].tolist())
            raise ValueError(
                f"x must be finite, got {bad} NaN or infinite values, the first at {first}. Clean "
                "x, as by np.nan_to_num."
            )
        low, high = float(x.min()), float(x.max())
        is_whole = bool(np.all(x == np.round(x)))
        levels = self.levels if self.support is Support.LEVELS else None
        remedy = to_support(self.support.name.lower(), low, high, is_whole, levels)
        raise ValueError(
            f"x has values that {type(self).__name__} gives no mass to: wanted "
            f"{self.support.value}, got values from {low:g} to {high:g}, the first "
            f"{x.ravel()[:3]}. {remedy}"
        )

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
    def per_value(self, params) -> tfd.Distribution:
        """The distribution of every single value of x, batch [..., H, W, C], event []."""

    def averaged(self, params, log_weights) -> tfd.Distribution:
        """The mixture, value by value, of parameters [..., H, W, C, R, k]; log_weights are [R]."""
        each = self.per_value(params)
        mixture = tfd.MixtureSameFamily(tfd.Categorical(log_weights), each)
        return tfd.Independent(mixture, len(self.event_shape))

    def get_config(self):
        # DistributionLambda's own get_config pickles Python functions.
        return tfkl.Layer.get_config(self) | {"event_shape": self.event_shape}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def positive_scale(raw_scale):
    """The scale of a real value from a network's output; 0.5 at 0."""
    return positive(raw_scale, 0.5, MIN_SCALE)
