"""Likelihoods of quantised data whose neighbouring levels are alike: rounded logistics."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfp
from keras_vae.distributions import Uniforms, draw_from_mixture
from keras_vae.distributions.joint import OfEachValue
from keras_vae.likelihoods.levels import Levels, LevelsLikelihood
from keras_vae.likelihoods.logistic_bins import log_factors
from keras_vae.ops.categorical import mean_by, softmax
from keras_vae.ops.positive import positive

_SUMMED = 16  # Means of at most so many levels above 0 are sums over them.
_NARROWEST = 0.1  # The smallest scale, in levels.


@tfk.saving.register_keras_serializable("keras_vae")
class DiscretizedLogistic(LevelsLikelihood):
    """A logistic distribution rounded to the levels, its tails counted to the outermost ones.

    References:
      Kingma et al. 2016, Improving variational inference with inverse autoregressive flow.
    """

    params_per_value = 2

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        rounded = rounded_logistic(params[..., 0] + 0.5, params[..., 1], self.levels)
        return Levels(rounded, self.levels, rounded.mean_value)

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

        def mean_value():
            return mean_by(softmax(logits), rounded.mean_value())

        return Levels(mixture, self.levels, mean_value)

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
    scale = positive(raw_scale, 0.1, _NARROWEST / (levels - 1))
    return RoundedLogistic(loc, scale, levels)


class RoundedLogistic(OfEachValue):
    """A logistic over the levels 0 .. levels - 1, rounded to the nearest, its tails to the ends.

    Args:
      loc, scale: in units of the whole range.
      levels: how many there are.
    """

    def __init__(self, loc: tf.Tensor, scale: tf.Tensor, levels: int):
        parameters = dict(locals())
        self._loc, self._scale, self._top = loc, scale, levels - 1
        # Rounding is upwards; half a level down makes it rounding to the nearest.
        self.base = tfd.Logistic(self._top * loc - 0.5, self._top * scale)
        super().__init__(parameters, reparameterized=False)

    def from_uniform(self, u: TensorLike) -> tf.Tensor:
        """Levels of the shape of u, numbers above 0 and below 1."""
        x = self.base.loc + self.base.scale * (tf.math.log(u) - tf.math.log(1.0 - u))
        return tf.clip_by_value(tf.math.ceil(x), 0.0, float(self._top))

    def mean_value(self) -> tf.Tensor:
        """The mean in units of the whole range: exact up to 17 levels, of more nearly so.

        Of more it is the mean of the logistic before it is rounded, moved into the range. It is off
        by at most 0.19, 0.05 and 0.03 levels for scales of 0.1, 0.3 and 0.5 levels, and by less for
        larger ones. TFLite has all of its operators in 8 and in 16 bits, and no division.
        """
        root = tf.math.rsqrt(self._scale)
        narrowness = root * root
        if self._top <= _SUMMED:
            # E[k] is the sum over t of P(k > t), where k > t if the logistic is above t + 1/2.
            ends = [(t + 0.5) / self._top for t in range(self._top)]
            above = [tf.sigmoid((self._loc - end) * narrowness) for end in ends]
            return tf.add_n(above) / self._top

        def beyond(end):
            """What the logistic's tail beyond an end moves the mean by, but for the sign."""
            return self._scale * tf.math.log(tf.sigmoid(tf.abs(self._loc - end) * narrowness))

        return tf.clip_by_value(self._loc, 0.0, 1.0) - beyond(0.0) + beyond(1.0)

    def masses(self) -> tf.Tensor:
        """The probability of each level, [levels, ...]."""
        of_edges = [-1] + [1] * len(self._loc.shape)
        edges = tf.reshape(tf.range(float(self._top)), of_edges)
        upper = (edges - self.base.loc) / self.base.scale
        below, above = tf.sigmoid(upper), tf.sigmoid(-upper)
        within = -tf.math.expm1(-1.0 / self.base.scale)
        return tf.concat([below[:1], below[1:] * above[:-1] * within, above[-1:]], axis=0)

    def _log_prob(self, k):
        loc, scale = self.base.loc, self.base.scale
        below, above = k > 0.0, k < self._top  # Whether there are levels there.
        of_bin = log_factors(k - 1.0, k, 1.0, loc, scale)
        return (
            tf.where(above, of_bin.below, 0.0)
            + tf.where(below, of_bin.above, 0.0)
            + tf.where(above & below, of_bin.within, 0.0)
        )

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self.batch_shape_tensor()], 0)
        seed = tfp.random.sanitize_seed(seed)
        return self.from_uniform(tf.random.stateless_uniform(shape, seed))

    def _mean(self):
        return self._top * self.mean_value()
