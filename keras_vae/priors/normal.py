"""Normal priors."""

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.ops.positive import raw_of, scale_of
from keras_vae.ops.shapes import shaped
from keras_vae.priors.base import Prior

_ONE = raw_of(1.0)  # A little below 0.


def normal(loc: TensorLike, raw_scale: TensorLike, event_rank: int = 1) -> tfd.Distribution:
    """N(loc, diag(scale^2)), event [D], from any numbers [..., D]; N(0, I) from zeros."""
    return tfd.Independent(tfd.Normal(loc, scale_of(raw_scale + _ONE)), event_rank)


def raw_scale_of(scale: float | np.ndarray) -> float | np.ndarray:
    """The number from which `normal` makes this scale."""
    return raw_of(scale) - _ONE


@tfk.saving.register_keras_serializable("keras_vae")
class StandardNormal(Prior):
    """p(z) = N(0, I)."""

    takes_maps = True

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        shape = self.latent_shape
        return tfd.Independent(tfd.Normal(tf.zeros(shape), 1.0), len(shape))

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return temperature * shaped(noise, self.latent_shape)

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.zeros(self.latent_shape), tf.ones(self.latent_shape)


@tfk.saving.register_keras_serializable("keras_vae")
class LearnedNormal(Prior):
    """p(z) = N(loc, diag(scale^2)), trained with the model; N(0, I) at first."""

    takes_maps = True

    def __init__(self, latent_dim: int | tuple[int, ...], **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.loc = self.add_weight("loc", self.latent_shape, initializer="zeros")
        self.raw_scale = self.add_weight("raw_scale", self.latent_shape, initializer="zeros")

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        return normal(self.loc, self.raw_scale, len(self.latent_shape))

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        loc, scale = self.moments()
        return loc + temperature * scale * shaped(noise, self.latent_shape)

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        p = self.distribution()
        return p.mean(), p.stddev()
