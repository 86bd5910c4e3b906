"""What every prior is."""

import abc
import contextlib

from keras_vae._compat import tf, tfd, tfkl


class Prior(tfkl.Layer, abc.ABC):
    """p(z), or p(z|c), of z [..., D].

    Args:
      latent_dim: D.

    Attributes:
      noise_shape: shape of the standard normal noise that one z needs.
      continuous: whether z may be any point of R^D, so that gradients lead through it.
      is_mixture: whether `distribution` is of components, of which `posterior_marginal` tells.
      num_labels: how many of z's values, the first, stand for a label.
      least_latents: the fewest latents that it can have.
      needs_context: whether it is p(z|c) of a condition c alone.
      made_of_posteriors: whether its density is that of the encoder's posteriors.
      trains_with_model: whether it trains with a model; else it is only fitted to codes.
      fits_codes: whether it may be fitted to the codes of an autoencoder after its training.
    """

    continuous = True
    is_mixture = False
    num_labels = 0
    least_latents = 1
    needs_context = False
    made_of_posteriors = False
    trains_with_model = True
    fits_codes = False

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.noise_shape = (latent_dim,)

    @abc.abstractmethod
    def distribution(self, context=None) -> tfd.Distribution:
        """p(z), event [D]; batch [], or [B] where it depends on the context [B, ...]."""

    @abc.abstractmethod
    def from_noise(self, noise, temperature=1.0, context=None):
        """z [..., D] from noise [..., *noise_shape] scaled by `temperature`: of a normal, its
        standard deviation."""

    def moments(self, context=None):
        """(mean, standard deviation) of each latent, [D], given one context [1, ...] if any; here
        of ten thousand draws."""
        z = self.from_noise(self.draw_noise([0, 0], 10_000), context=context)
        return tf.reduce_mean(z, axis=0), tf.math.reduce_std(z, axis=0)

    def draw_noise(self, seed, num_samples: int):
        """Standard normal noise [num_samples, *noise_shape] from a stateless int32 [2] seed."""
        return tf.random.stateless_normal([num_samples, *self.noise_shape], seed)

    def frozen(self):
        """Context in which `from_noise` computes with none but the prior's own weights: what an
        exported generator needs."""
        return contextlib.nullcontext()

    def get_config(self):
        return super().get_config() | {"latent_dim": self.latent_dim}
