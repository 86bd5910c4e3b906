"""A prior of maps, made of one of flat latents."""

import contextlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfb, tfd, tfk
from keras_vae.ops.shapes import flat, shaped
from keras_vae.priors.base import Prior

if TYPE_CHECKING:
    from keras_vae.vae import VAE


@tfk.saving.register_keras_serializable("keras_vae")
class Flattened(Prior):
    """p(z) of maps z [..., h, w, d]: another prior of their values side by side.

        Flattened(VampPrior(8 * 8 * 4), (8, 8, 4))

    Args:
      prior: of flat latents [..., h w d].
      latent_shape: (h, w, d).
    """

    takes_maps = True

    def __init__(self, prior: Prior, latent_shape: tuple[int, ...], **kwargs):
        if prior.latent_shape != (math.prod(latent_shape),):
            raise ValueError(
                f"latent_shape must have as many values as the prior has latents, "
                f"{prior.latent_dim}, got {tuple(latent_shape)}, which has "
                f"{math.prod(latent_shape)}."
            )
        super().__init__(latent_shape, trainable=prior.trainable, **kwargs)
        self.prior = prior
        self.continuous, self.is_mixture = prior.continuous, prior.is_mixture
        self.needs_context, self.made_of_posteriors = prior.needs_context, prior.made_of_posteriors
        self.trains_with_model, self.fits_codes = prior.trains_with_model, prior.fits_codes

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return self.prior.noise_shape

    def bind(self, vae: "VAE") -> None:
        self.prior.bind(vae)

    def frozen(self) -> contextlib.AbstractContextManager[None]:
        return self.prior.frozen()

    def fit(self, codes: TensorLike, seed: int = 0) -> None:
        """Fits the flat prior to codes [N, h, w, d], or flat ones [N, h w d]."""
        self.prior.fit(np.reshape(codes, [-1, self.latent_dim]), seed=seed)

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        to_maps = tfb.Reshape(self.latent_shape, [self.latent_dim])
        return tfd.TransformedDistribution(self.prior.distribution(context), to_maps)

    def component_of(self, z: TensorLike, context: TensorLike | None = None) -> tf.Tensor:
        return self.prior.component_of(flat(z, len(self.latent_shape)), context)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return shaped(self.prior.from_noise(noise, temperature, context), self.latent_shape)

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        return tuple(shaped(t, self.latent_shape) for t in self.prior.moments(context))

    def get_config(self) -> dict[str, Any]:
        return {
            "prior": tfk.saving.serialize_keras_object(self.prior),
            "latent_shape": self.latent_shape,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Flattened":
        return cls(tfk.saving.deserialize_keras_object(config["prior"]), config["latent_shape"])
