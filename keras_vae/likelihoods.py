"""Likelihoods: network output -> p(x|z), a tfp.layers distribution layer.

Pixel values are in [0, 1]; data of `levels` levels are k / (levels - 1).
"""

import abc
import enum
import math

import numpy as np

from keras_vae._compat import tf, tfd, tfk, tfkl, tfpl

# Pixels that never vary would otherwise drive a learned scale to 0 and the density to infinity.
_MIN_SCALE = 1e-3


class Support(enum.Enum):
    """What values a likelihood gives mass to."""

    BINARY = "{0, 1}"
    UNIT = "[0, 1]"
    REAL = "real numbers"
    LEVELS = "k / (levels - 1), k = 0 .. levels - 1"


class Likelihood(tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [..., H, W, C, k] -> p(x|z), batch [...], event [H, W, C].

    As a tensor, the distribution is its mean.

    Args:
      event_shape: shape of x.

    Attributes:
      params_per_value: k, the parameters that one value of x needs.
      support: the values of x that it gives mass to.
    """

    params_per_value = 1
    support = Support.REAL

    def __init__(self, event_shape, **kwargs):
        super().__init__(
            lambda params: tfd.Independent(self.per_value(params), len(event_shape)),
            convert_to_tensor_fn=tfd.Distribution.mean,
            **kwargs,
        )
        self.event_shape = tuple(event_shape)

    def check_values(self, x) -> None:
        """Raises ValueError unless this likelihood gives mass to float x [..., H, W, C]."""
        x = np.asarray(x)
        if not self._holds(x):
            raise ValueError(
                f"x has values that {type(self).__name__} gives no mass to: wanted "
                f"{self.support.value}, got values from {x.min():g} to {x.max():g}, the first "
                f"{x.ravel()[:3]}. Binarize or rescale x, or choose another likelihood."
            )

    def _holds(self, x) -> bool:
        if self.support is Support.BINARY:
            return bool(np.all((x == 0) | (x == 1)))
        if self.support is Support.UNIT:
            return bool(np.all((x >= 0) & (x <= 1)))
        return bool(np.all(np.isfinite(x)))

    @abc.abstractmethod
    def per_value(self, params) -> tfd.Distribution:
        """The distribution of every single value of x, batch [..., H, W, C], event []."""

    def get_config(self):
        # Not DistributionLambda's: that pickles Python functions.
        return tfkl.Layer.get_config(self) | {"event_shape": self.event_shape}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@tfk.saving.register_keras_serializable("keras_vae")
class Bernoulli(Likelihood):
    """Pixels in {0, 1} (Kingma & Welling 2014, eq. 11)."""

    support = Support.BINARY

    def per_value(self, params):
        return tfd.Bernoulli(logits=params[..., 0], dtype=tf.float32)


@tfk.saving.register_keras_serializable("keras_vae")
class ContinuousBernoulli(Likelihood):
    """Pixels in [0, 1], with the constant that a Bernoulli on grey values leaves out.

    References:
      Loaiza-Ganem & Cunningham 2019, The continuous Bernoulli.
    """

    support = Support.UNIT

    def per_value(self, params):
        return tfd.ContinuousBernoulli(logits=params[..., 0])


@tfk.saving.register_keras_serializable("keras_vae")
class Normal(Likelihood):
    """N(loc, scale^2) with one fixed scale.

    Args:
      scale: standard deviation of every pixel, above 0.
    """

    def __init__(self, event_shape, scale: float = 1.0, **kwargs):
        if not scale > 0:
            raise ValueError(f"scale must be above 0, got {scale}.")
        super().__init__(event_shape, **kwargs)
        self.scale = scale

    def per_value(self, params):
        return tfd.Normal(params[..., 0], self.scale)

    def get_config(self):
        return super().get_config() | {"scale": self.scale}


@tfk.saving.register_keras_serializable("keras_vae")
class LearnedScaleNormal(Likelihood):
    """N(loc, scale^2) with one learned scale for all pixels.

    References:
      Rybkin, Daniilidis & Levine 2021, Simple and effective VAE training with calibrated decoders
      (sigma-VAE).
    """

    def build(self, input_shape):
        self.raw_scale = self.add_weight(
            "raw_scale", shape=(), initializer=tfk.initializers.Constant(_inverse_softplus(0.5))
        )
        super().build(input_shape)

    @property
    def scale(self):
        """The standard deviation of every pixel, a scalar tensor."""
        return tf.math.softplus(self.raw_scale) + _MIN_SCALE

    def per_value(self, params):
        return tfd.Normal(params[..., 0], self.scale)


@tfk.saving.register_keras_serializable("keras_vae")
class PerPixelScaleNormal(Likelihood):
    """N(loc, scale^2) with a scale from the network for every pixel."""

    params_per_value = 2

    def per_value(self, params):
        scale = tf.math.softplus(params[..., 1] + _inverse_softplus(0.5)) + _MIN_SCALE
        return tfd.Normal(params[..., 0], scale)


class _LevelsLikelihood(Likelihood):
    """Shared by the likelihoods of quantised data: they know the number of levels.

    Args:
      levels: how many values a pixel can take; 256 for 8-bit images.
    """

    support = Support.LEVELS

    def __init__(self, event_shape, levels: int = 256, **kwargs):
        if levels < 2:
            raise ValueError(f"levels must be at least 2, got {levels}.")
        super().__init__(event_shape, **kwargs)
        self.levels = levels

    def _holds(self, x):
        level = x * (self.levels - 1)
        in_range = (level > -0.5) & (level < self.levels - 0.5)
        return bool(np.all(in_range & (np.abs(level - np.round(level)) < 1e-3)))

    def get_config(self):
        return super().get_config() | {"levels": self.levels}


@tfk.saving.register_keras_serializable("keras_vae")
class DiscretizedLogistic(_LevelsLikelihood):
    """A logistic distribution rounded to the levels, its tails counted to the outermost ones.

    References:
      Kingma et al. 2016, Improving variational inference with inverse autoregressive flow.
    """

    params_per_value = 2

    def per_value(self, params):
        top = self.levels - 1.0
        # Farther off the image, or wider, float32 can't tell neighbouring levels' masses apart.
        loc = top * tf.clip_by_value(params[..., 0] + 0.5, -1.0, 2.0)
        raw_scale = tf.minimum(params[..., 1], 10.0)
        scale = top * tf.math.softplus(raw_scale + _inverse_softplus(0.1)) + 0.1
        # QuantizedDistribution rounds up; half a level down makes it round to nearest.
        logistic = tfd.Logistic(loc - 0.5, scale)

        def mean_level():
            # E[k] is the sum over t of P(k >= t); a loop, for the sum over 256 levels at once
            # would need 256 images' memory.
            thresholds = tf.range(0.0, top)
            return tf.foldl(
                lambda total, t: total + logistic.survival_function(t),
                thresholds,
                tf.zeros_like(loc),
            )

        return _Levels(tfd.QuantizedDistribution(logistic, 0.0, top), self.levels, mean_level)


@tfk.saving.register_keras_serializable("keras_vae")
class Categorical(_LevelsLikelihood):
    """A free probability for each level (van den Oord et al. 2016, PixelRNN, section 3.4)."""

    @property
    def params_per_value(self):
        return self.levels

    def per_value(self, params):
        categorical = tfd.Categorical(logits=params, dtype=tf.float32)
        levels = tf.range(float(self.levels))

        def mean_level():
            # Not tf.nn.softmax: its CPU kernel takes 5 axes at most.
            probs = tf.exp(params - tf.reduce_logsumexp(params, axis=-1, keepdims=True))
            return tf.reduce_sum(levels * probs, axis=-1)

        return _Levels(categorical, self.levels, mean_level)


class _Levels(tfd.Distribution):
    """A distribution over 0 .. levels - 1, seen as pixel values in [0, 1].

    Args:
      base: integer distribution with float dtype, event [].
      levels: the number of levels.
      mean_level: function giving base's mean, which TFP lacks for quantised distributions.
    """

    def __init__(self, base, levels, mean_level):
        parameters = dict(locals())
        self.base, self.levels, self._mean_level = base, levels, mean_level
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name="Levels",
        )

    def _batch_shape(self):
        return self.base.batch_shape

    def _batch_shape_tensor(self):
        return self.base.batch_shape_tensor()

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, x):
        return self.base.log_prob(tf.round(x * (self.levels - 1)))

    def _sample_n(self, n, seed=None):
        return self.base.sample(n, seed=seed) / (self.levels - 1)

    def _mean(self):
        return self._mean_level() / (self.levels - 1)


def _inverse_softplus(x: float) -> float:
    return math.log(math.expm1(x))
