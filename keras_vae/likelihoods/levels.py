"""Likelihoods of quantised data."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import tf, tfd, tfk
from keras_vae.distributions import OfEachValue, Uniforms
from keras_vae.likelihoods.base import Likelihood, Support
from keras_vae.ops.categorical import from_uniform, mean_by, softmax


class LevelsLikelihood(Likelihood):
    """Shared by the likelihoods of quantised data: they know the number of levels.

    Args:
      levels: how many values a pixel can take; 256 for 8-bit images.
    """

    support = Support.LEVELS
    levels: int

    def __init__(self, event_shape: tuple, levels: int = 256, **kwargs):
        if levels < 2:
            raise ValueError(f"levels must be at least 2, got {levels}.")
        super().__init__(event_shape, **kwargs)
        self.levels = levels

    def _holds(self, x):
        level = x * (self.levels - 1)
        in_range = (level > -0.5) & (level < self.levels - 0.5)
        return bool(np.all(in_range & (np.abs(level - np.round(level)) < 1e-3)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"levels": self.levels}


@tfk.saving.register_keras_serializable("keras_vae")
class Categorical(LevelsLikelihood):
    """A free probability for each level (van den Oord et al. 2016, PixelRNN, section 2.2)."""

    def __init__(self, event_shape: tuple, levels: int = 256, **kwargs):
        super().__init__(event_shape, levels, **kwargs)
        self.params_per_value = levels

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        categorical = tfd.Categorical(logits=params, dtype=tf.float32)
        # Around the middle: TFLite's probabilities in few bits don't sum to 1.
        around = tf.linspace(-0.5, 0.5, self.levels)

        def mean_value():
            return 0.5 + mean_by(softmax(params), around)

        return Levels(categorical, self.levels, mean_value)

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        level = from_uniform(p.base.logits_parameter(), uniforms(0))
        return tf.cast(level, tf.float32) / (self.levels - 1)


class Levels(OfEachValue):
    """A distribution over 0 .. levels - 1, seen as pixel values in [0, 1].

    Args:
      base: integer distribution with float dtype, event [].
      levels: the number of levels.
      mean_value: function giving the mean in [0, 1]. TFLite spoils means of large whole numbers in
        fewer bits.
    """

    def __init__(self, base: tfd.Distribution, levels: int, mean_value: Callable[[], tf.Tensor]):
        parameters = dict(locals())
        self.base, self.levels, self._mean_value = base, levels, mean_value
        super().__init__(parameters, reparameterized=False)

    def _log_prob(self, x):
        return self.base.log_prob(tf.round(x * (self.levels - 1)))

    def _sample_n(self, n, seed=None):
        return self.base.sample(n, seed=seed) / (self.levels - 1)

    def _mean(self):
        return self._mean_value()
