"""A prior of maps, made of one of flat latents."""

import math

from keras_vae._compat import tfb, tfd, tfk
from keras_vae.ops.shapes import flat, shaped
from keras_vae.priors.base import Prior


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

    @property
    def noise_shape(self):
        return self.prior.noise_shape

    def bind(self, vae):
        self.prior.bind(vae)

    def frozen(self):
        return self.prior.frozen()

    def fit(self, codes, seed: int = 0) -> None:
        """Fits the flat prior to codes [N, h, w, d]."""
        self.prior.fit(flat(codes, len(self.latent_shape)), seed=seed)

    def distribution(self, context=None):
        to_maps = tfb.Reshape(self.latent_shape, [self.latent_dim])
        return tfd.TransformedDistribution(self.prior.distribution(context), to_maps)

    def component_of(self, z, context=None):
        return self.prior.component_of(flat(z, len(self.latent_shape)), context)

    def from_noise(self, noise, temperature=1.0, context=None):
        return shaped(self.prior.from_noise(noise, temperature, context), self.latent_shape)

    def moments(self, context=None):
        return tuple(shaped(t, self.latent_shape) for t in self.prior.moments(context))

    def get_config(self):
        return {
            "prior": tfk.saving.serialize_keras_object(self.prior),
            "latent_shape": self.latent_shape,
        }

    @classmethod
    def from_config(cls, config):
        return cls(tfk.saving.deserialize_keras_object(config["prior"]), config["latent_shape"])
