"""What every posterior is."""

import abc
import math
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfkl, tfpl
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import latent_dim_of, latent_shape_of


class Posterior(Float32, tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [B, *params_shape] -> q(z|x) of B examples.

    The event of q is z [*latent_shape]: [D], or a map [h, w, d]. As a tensor, the distribution is
    its code, never a draw by the layer itself.

    Args:
      latent_dim: D, at least 1; or (h, w, d) where `takes_maps` is True.

    Attributes:
      latent_shape: of one z.
      latent_dim: how many values one z has.
      takes_maps: whether z may be a map.
      has_density: whether log q(z|x) exists.
      has_bound: whether a model with this posterior has a bound on log p(x).
      trains_prior: whether the prior trains with the model; else it is fitted to the codes
        afterwards.
      num_labels: how many of z's values, the first, stand for a label.
      density_in_one_pass: whether log q(z|x) takes one pass at any z, not only at z from noise.
      continuous: whether z may be any point of R^D, so without a label.
      is_diagonal: whether it is a normal with independent latents.
      least_latents: the fewest latents that it can have.
    """

    takes_maps = False
    has_density = True
    has_bound = True
    trains_prior = True
    density_in_one_pass = True
    num_labels = 0
    continuous = True
    is_diagonal = False
    least_latents = 1

    def __init__(self, latent_dim: int | tuple[int, ...], **kwargs):
        shape = latent_shape_of(self, latent_dim)
        super().__init__(self.distribution, convert_to_tensor_fn=self.code, **kwargs)
        self.latent_shape, self.latent_dim = shape, math.prod(shape)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """(N,), of the standard normal noise that one z needs."""
        return (self.latent_dim,)

    @property
    @abc.abstractmethod
    def params_size(self) -> int:
        """How many parameters an example needs; for a map, how many each of its places needs."""

    @property
    def params_shape(self) -> tuple[int, ...]:
        """The shape of the parameters of one example."""
        return *self.latent_shape[:-1], self.params_size

    @abc.abstractmethod
    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        """q(z|x), batch [B], event [*latent_shape], from parameters [B, *params_shape]."""

    def code(self, q: tfd.Distribution) -> tf.Tensor:
        """The z [B, *latent_shape] that stands for q, made from zero noise: here the mean."""
        return q.mean()

    def outputs(self, q: tfd.Distribution) -> dict[str, tf.Tensor]:
        """What an export says of q, by name: here the code alone."""
        return {"code": self.code(q)}

    @abc.abstractmethod
    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """(z, log_q): z [S, B, *latent_shape] from noise [S, B, *noise_shape]; log q(z|x) [S, B].

        log_q is None where q has no density.
        """

    def stopped_log_prob(self, params: tf.Tensor, z: TensorLike) -> tf.Tensor:
        """log q(z|x) at z [S, B, *latent_shape], [S, B], without the gradient of q's parameters."""
        return self.distribution(tf.stop_gradient(params)).log_prob(z)

    def get_config(self) -> dict[str, Any]:
        # DistributionLambda's own get_config pickles Python functions.
        return tfkl.Layer.get_config(self) | {"latent_dim": latent_dim_of(self.latent_shape)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Posterior":
        return cls(**config)
