"""What every posterior is."""

import abc

from keras_vae._compat import tf, tfd, tfkl, tfpl


class Posterior(tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [B, params_size] -> q(z|x), batch [B], event [D].

    As a tensor, the distribution is its code: never a draw of the layer's own.

    Args:
      latent_dim: D, at least 1.

    Attributes:
      params_size: how many parameters an example needs.
      noise_shape: shape of the standard normal noise that one z needs.
      has_density: whether log q(z|x) exists.
      density_in_one_pass: whether it takes one pass at any z, not only at z from noise.
      continuous: whether z may be any point of R^D, so without a label.
      is_diagonal: whether it is a normal with independent latents.
      least_latents: the fewest latents that it can have.
    """

    has_density = True
    density_in_one_pass = True
    continuous = True
    is_diagonal = False
    least_latents = 1

    def __init__(self, latent_dim: int, **kwargs):
        if latent_dim < 1:
            raise ValueError(f"latent_dim must be at least 1, got {latent_dim}.")
        super().__init__(self.distribution, convert_to_tensor_fn=self.code, **kwargs)
        self.latent_dim = latent_dim
        self.noise_shape = (latent_dim,)

    @property
    @abc.abstractmethod
    def params_size(self) -> int: ...

    @abc.abstractmethod
    def distribution(self, params) -> tfd.Distribution:
        """q(z|x), batch [B], event [D], from parameters [B, params_size]."""

    def code(self, q):
        """The z [B, D] that stands for q, that of zero noise: here its mean."""
        return q.mean()

    @abc.abstractmethod
    def from_noise(self, q, noise):
        """(z, log_q): z [S, B, D] from noise [S, B, *noise_shape]; log q(z|x) [S, B] or None."""

    def stopped_log_prob(self, params, z):
        """log q(z|x) at z [S, B, D], [S, B], without the gradient of q's parameters."""
        return self.distribution(tf.stop_gradient(params)).log_prob(z)

    def get_config(self):
        # DistributionLambda's own get_config pickles Python functions.
        return tfkl.Layer.get_config(self) | {"latent_dim": self.latent_dim}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
