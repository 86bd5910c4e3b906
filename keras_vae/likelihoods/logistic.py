"""Likelihoods of quantised data whose neighbouring levels are alike: rounded logistics."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions import Uniforms, draw_from_mixture
from keras_vae.likelihoods.levels import Levels, LevelsLikelihood
from keras_vae.ops.categorical import log_softmax
from keras_vae.ops.positive import positive


@tfk.saving.register_keras_serializable("keras_vae")
class DiscretizedLogistic(LevelsLikelihood):
    """A logistic distribution rounded to the levels, its tails counted to the outermost ones.

    References:
      Kingma et al. 2016, Improving variational inference with inverse autoregressive flow.
    """

    params_per_value = 2

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        rounded = rounded_logistic(params[..., 0] + 0.5, params[..., 1], self.levels)
        return Levels(rounded, self.levels, rounded.mean)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        return p.base.from_uniform(uniforms(0)) / (self.levels - 1)


@tfk.saving.register_keras_serializable("keras_vae")
class MixtureOfLogistics(LevelsLikelihood):
    """A mixture of K logistic distributions rounded to the levels.

    Channels are independent given z; those of a `ColourMixture` depend on each other.

    Args:
      num_components: K.

    References:
      Salimans et al. 2017, PixelCNN++, section 2.1.
    """

    def __init__(self, event_shape: tuple, levels: int = 256, num_components: int = 5, **kwargs):
        if num_components < 1:
            raise ValueError(f"num_components must be at least 1, got {num_components}.")
        super().__init__(event_shape, levels, **kwargs)
        self.num_components = num_components
        self.params_per_value = 3 * num_components

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        logits, raw_loc, raw_scale = tf.split(params, 3, axis=-1)  # [..., H, W, C, K]
        rounded = rounded_logistic(raw_loc + middles(self.num_components), raw_scale, self.levels)
        mixture = tfd.MixtureSameFamily(tfd.Categorical(logits=logits), rounded)

        def mean_level():
            return tf.reduce_sum(tf.exp(log_softmax(logits)) * rounded.mean(), axis=-1)

        return Levels(mixture, self.levels, mean_level)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        level = draw_from_mixture(p.base, uniforms, lambda p, uniforms: p.from_uniform(uniforms(0)))
        return level / (self.levels - 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"num_components": self.num_components}


def middles(num_components: int, part: float = 1.0) -> tf.Tensor:
    """The locations of a new network's components, [K], spread over `part` of the range [0, 1]."""
    shares = (tf.range(float(num_components)) + 0.5) / num_components
    return 0.5 + part * (shares - 0.5)


def rounded_logistic(loc: TensorLike, raw_scale: TensorLike, levels: int) -> "RoundedLogistic":
    """A rounded logistic over 0 .. levels - 1, from loc in units of the whole range."""
    top = levels - 1.0
    scale = top * positive(raw_scale, 0.1, 0.0) + 0.1
    # QuantizedDistribution rounds up; half a level down makes it round to nearest.
    return RoundedLogistic(tfd.Logistic(top * loc - 0.5, scale), 0.0, top)


class RoundedLogistic(tfd.QuantizedDistribution):
    """tfd.QuantizedDistribution of a logistic, with a mean and with float32's full precision.

    With F the logistic function, F(b) - F(a) = F(b) F(-a) (1 - exp(a - b)). The logs of these
    factors are exact however wide or far off the levels the distribution is, where TFP's
    difference is rounded away, and so their gradients lead back from there.
    """

    def from_uniform(self, u: TensorLike) -> tf.Tensor:
        """Levels of the shape of u, numbers above 0 and below 1."""
        logistic = self.distribution
        x = logistic.loc + logistic.scale * (tf.math.log(u) - tf.math.log(1.0 - u))
        return tf.clip_by_value(tf.math.ceil(x), self.low, self.high)

    def _log_prob(self, k):
        loc, scale = self.distribution.loc, self.distribution.scale
        below, above = k > self.low, k < self.high  # Whether there are levels there.
        return (
            tf.where(above, tf.math.log_sigmoid((k - loc) / scale), 0.0)
            + tf.where(below, tf.math.log_sigmoid((loc - (k - 1.0)) / scale), 0.0)
            + tf.where(above & below, tf.math.log(-tf.math.expm1(-1.0 / scale)), 0.0)
        )

    def _mean(self):
        # E[k] is the sum over t of P(k > t); a loop, for the sum over 256 levels at once would need
        # 256 images' memory.
        return tf.foldl(
            lambda total, t: total + self.distribution.survival_function(t),
            tf.range(self.low, self.high),
            tf.zeros_like(self.distribution.loc),
        )
