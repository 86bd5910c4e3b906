"""What flow priors share."""

import abc
from typing import Any

from keras_vae._compat import TensorLike, tf, tfb, tfd
from keras_vae.messages import conflicts
from keras_vae.priors.base import Prior

# A layer scales a latent by at most e^3 and at least e^-3: float32 stays finite.
_MAX_LOG_SCALE = 3.0


class Flow(Prior):
    """p(z) is the density of a bijector of N(0, I); a new one is the identity.

    A subclass makes its networks in __init__, and of them a bijector.

    Args:
      latent_dim: D, at least 2.
      num_layers: number of layers.
      hidden: units of the hidden layer of each layer's network.
    """

    least_latents = 2
    fits_codes = True

    def __init__(self, latent_dim: int, num_layers: int = 4, hidden: int = 200, **kwargs):
        super().__init__(latent_dim, **kwargs)
        if self.latent_dim < self.least_latents:
            raise ValueError(
                f"latent_dim must be at least {self.least_latents} for {type(self).__name__}, got "
                f"{latent_dim}: {conflicts.FLOW_OF_ONE_LATENT}. Use MixtureOfNormals."
            )
        self.num_layers, self.hidden = num_layers, hidden

    @abc.abstractmethod
    def bijector(self) -> tfb.Bijector:
        """From noise [..., D] to z [..., D]."""

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        noise = tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), 1.0), 1)
        return tfd.TransformedDistribution(noise, self.bijector())

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return self.bijector().forward(temperature * noise)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"num_layers": self.num_layers, "hidden": self.hidden}


def bounded(log_scale: TensorLike) -> tf.Tensor:
    """The log of a layer's scale, from any number; near 0 that number itself."""
    return _MAX_LOG_SCALE * tf.tanh(log_scale / _MAX_LOG_SCALE)
