"""Normal priors."""

import math

from keras_vae._compat import tf, tfd, tfk
from keras_vae.priors.base import Prior

# softplus(x + _UNIT) is 1 at x = 0.
_UNIT = math.log(math.e - 1.0)
# Keeps log p(z) finite where softplus underflows.
_MIN_SCALE = 1e-5


def normal(loc, raw_scale):
    """N(loc, diag(scale^2)), event [D], from any numbers [..., D]; scale is 1 at raw_scale 0."""
    scale = tf.maximum(tf.math.softplus(raw_scale + _UNIT), _MIN_SCALE)
    return tfd.Independent(tfd.Normal(loc, scale), 1)


def raw_scale_of(scale: float) -> float:
    """The number from which `normal` makes this scale."""
    return math.log(math.expm1(scale)) - _UNIT


@tfk.saving.register_keras_serializable("keras_vae")
class StandardNormal(Prior):
    """p(z) = N(0, I)."""

    def distribution(self, context=None):
        return tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), 1.0), 1)

    def from_noise(self, noise, temperature=1.0, context=None):
        return temperature * noise

    def moments(self, context=None):
        return tf.zeros(self.latent_dim), tf.ones(self.latent_dim)


@tfk.saving.register_keras_serializable("keras_vae")
class LearnedNormal(Prior):
    """p(z) = N(loc, diag(scale^2)), trained with the model; N(0, I) at first."""

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.loc = self.add_weight("loc", [latent_dim], initializer="zeros")
        self.raw_scale = self.add_weight("raw_scale", [latent_dim], initializer="zeros")

    def distribution(self, context=None):
        return normal(self.loc, self.raw_scale)

    def from_noise(self, noise, temperature=1.0, context=None):
        loc, scale = self.moments()
        return loc + temperature * scale * noise

    def moments(self, context=None):
        p = self.distribution()
        return p.mean(), p.stddev()
