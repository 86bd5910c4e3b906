"""Normal likelihoods."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.likelihoods.base import MIN_SCALE, Likelihood, positive_scale
from keras_vae.ops.positive import inverse_softplus


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
            "raw_scale", shape=(), initializer=tfk.initializers.Constant(inverse_softplus(0.5))
        )
        super().build(input_shape)

    @property
    def scale(self):
        """The standard deviation of every pixel, a scalar tensor."""
        return tf.math.softplus(self.raw_scale) + MIN_SCALE

    def per_value(self, params):
        return tfd.Normal(params[..., 0], self.scale)


@tfk.saving.register_keras_serializable("keras_vae")
class PerPixelScaleNormal(Likelihood):
    """N(loc, scale^2) with a scale from the network for every pixel."""

    params_per_value = 2

    def per_value(self, params):
        return tfd.Normal(params[..., 0], positive_scale(params[..., 1]))
