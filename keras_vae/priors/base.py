"""What every prior is."""

import abc
import contextlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras_vae._compat import TensorLike, tf, tfd, tfkl
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import latent_dim_of, latent_shape_of

if TYPE_CHECKING:
    from keras_vae.vae import VAE


class Prior(Float32, tfkl.Layer, abc.ABC):
    """p(z), or p(z|c), of z [..., *latent_shape]: [..., D], or maps [..., h, w, d].

    Args:
      latent_dim: D, or (h, w, d) for priors that `takes_maps`.

    Attributes:
      latent_shape: of one z.
      latent_dim: how many values one z has.
      takes_maps: whether z may be a map.
      has_layers_of_maps: whether flat z stands for several maps, a layer of latents each.
      continuous: whether z may be any point of R^D, so that gradients lead through it.
      is_mixture: whether `distribution` is a mixture, whose components `component_of` tells.
      num_labels: how many of z's values, the first, stand for a label.
      least_latents: the fewest latents that it can have.
      needs_context: whether it is p(z|c) of a condition c alone.
      made_of_posteriors: whether its density is that of the encoder's posteriors.
      trains_with_model: whether it trains with a model; else it is only fitted to codes.
      fits_codes: whether it may be fitted to the codes of an autoencoder after its training.
    """

    takes_maps = False
    has_layers_of_maps = False
    continuous = True
    is_mixture = False
    num_labels = 0
    least_latents = 1
    needs_context = False
    made_of_posteriors = False
    trains_with_model = True
    fits_codes = False

    def __init__(self, latent_dim: int | tuple[int, ...], **kwargs):
        super().__init__(**kwargs)
        self.latent_shape = latent_shape_of(self, latent_dim)
        self.latent_dim = math.prod(self.latent_shape)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """(N,), of the standard normal noise that one z needs."""
        return (self.latent_dim,)

    def bind(self, vae: "VAE") -> None:
        """Takes what the prior needs of the `vae` that it becomes part of: here nothing."""

    @abc.abstractmethod
    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        """p(z), event *latent_shape; batch [], or [B] where it depends on the context [B, ...]."""

    @abc.abstractmethod
    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        """z [..., *latent_shape] from noise [..., *noise_shape].

        The noise is scaled by `temperature`: of a normal, its standard deviation.
        """

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """(mean, standard deviation) of each latent, each of latent_shape.

        Here they are those of 10,000 draws, or fewer where these have more than 2^22 values. For
        p(z|c) the context is one condition's, [1, ...].
        """
        num_draws = min(10_000, 2**22 // self.latent_dim)
        z = self.from_noise(self.draw_noise([0, 0], num_draws), context=context)
        return tf.reduce_mean(z, axis=0), tf.math.reduce_std(z, axis=0)

    def fit(self, codes: TensorLike, seed: int = 0) -> None:
        """Fits p(z) to codes [N, *latent_shape] after training, for a prior that `fits_codes`."""
        raise ValueError(
            f"{type(self).__name__} isn't fitted to codes: it trains with a model. Take "
            "priors.GaussianMixture, or priors.Standardized of a flow."
        )

    def component_of(self, z: TensorLike, context: TensorLike | None = None) -> tf.Tensor:
        """The component of a mixture that each z [B, *latent_shape] most likely comes from, [B]."""
        return self.distribution(context).posterior_marginal(z).mode()

    def draw_noise(self, seed: TensorLike | Sequence[int], num_samples: int) -> tf.Tensor:
        """Standard normal noise [num_samples, *noise_shape] from a stateless int32 [2] seed."""
        return tf.random.stateless_normal([num_samples, *self.noise_shape], seed)

    def frozen(self) -> contextlib.AbstractContextManager[None]:
        """Context in which `from_noise` uses only the prior's own weights, for exported files."""
        return contextlib.nullcontext()

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"latent_dim": latent_dim_of(self.latent_shape)}
