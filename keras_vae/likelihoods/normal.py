"""Normal likelihoods."""

from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.base import MIN_SCALE, Likelihood, positive_scale, sum_of_values
from keras_vae.ops.positive import inverse_softplus
from keras_vae.ops.turn import turn


class _AnyNormal(Likelihood):
    """N(loc, scale^2)."""

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        radius = tf.sqrt(-2.0 * tf.math.log(uniforms(0)))  # Box & Muller 1958.
        return p.loc + p.scale * radius * tf.cos(turn(uniforms(1)))


class _OneScaleNormal(_AnyNormal):
    """N(loc, scale^2) with one `scale` for all pixels."""

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.Normal(params[..., 0], self.scale)

    def nll_of_mean(self, x: TensorLike, mean: TensorLike) -> np.ndarray:
        scale = float(tf.convert_to_tensor(self.scale))
        return sum_of_values(np.square((x - mean) / scale)) / 2.0


@tfk.saving.register_keras_serializable("keras_vae")
class Normal(_OneScaleNormal):
    """N(loc, scale^2) with one fixed scale.

    Args:
      scale: standard deviation of every pixel, above 0.
    """

    def __init__(self, event_shape: tuple, scale: float = 1.0, **kwargs):
        if not scale > 0:
            raise ValueError(f"scale must be above 0, got {scale}.")
        super().__init__(event_shape, **kwargs)
        self.scale = scale

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"scale": self.scale}


@tfk.saving.register_keras_serializable("keras_vae")
class LearnedScaleNormal(_OneScaleNormal):
    """N(loc, scale^2) with one learned scale for all pixels.

    References:
      Rybkin, Daniilidis & Levine 2021, Simple and effective VAE training with calibrated decoders
      (sigma-VAE).
    """

    def build(self, input_shape: tf.TensorShape) -> None:
        self.raw_scale = self.add_weight(
            "raw_scale", shape=(), initializer=tfk.initializers.Constant(inverse_softplus(0.5))
        )
        super().build(input_shape)

    @property
    def scale(self) -> tf.Tensor:
        """The standard deviation of every pixel, a scalar tensor."""
        return tf.math.softplus(self.raw_scale) + MIN_SCALE


@tfk.saving.register_keras_serializable("keras_vae")
class PerPixelScaleNormal(_AnyNormal):
    """N(loc, scale^2) with a scale from the network for every pixel."""

    params_per_value = 2

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.Normal(params[..., 0], positive_scale(params[..., 1]))
