"""Posteriors: network output -> q(z|x), a tfp.layers distribution layer.

A posterior also says what noise it needs and how noise becomes z. Noise is an input everywhere, so
that training, tests and the exported generator share one path to z.
"""

import abc
import math

from keras_vae._compat import tf, tfb, tfd, tfk, tfkl, tfpl

# softplus(x + _UNIT) is 1 at x = 0: a new network's posterior is near the prior.
_UNIT = math.log(math.e - 1.0)
# Keeps log q finite where softplus underflows.
_MIN_SCALE = 1e-5


class Posterior(tfpl.DistributionLambda, abc.ABC):
    """A distribution layer: parameters [B, params_size] -> q(z|x), batch [B], event [D].

    As a tensor, the distribution is its mean: never a draw of the layer's own.

    Args:
      latent_dim: D, at least 1.

    Attributes:
      params_size: how many parameters an example needs.
      noise_shape: shape of the standard normal noise that one z needs.
      has_density: whether log q(z|x) exists.
    """

    has_density = True

    def __init__(self, latent_dim: int, **kwargs):
        if latent_dim < 1:
            raise ValueError(f"latent_dim must be at least 1, got {latent_dim}.")
        super().__init__(self.distribution, convert_to_tensor_fn=tfd.Distribution.mean, **kwargs)
        self.latent_dim = latent_dim
        self.noise_shape = (latent_dim,)

    @property
    @abc.abstractmethod
    def params_size(self) -> int: ...

    @abc.abstractmethod
    def distribution(self, params) -> tfd.Distribution:
        """q(z|x), batch [B], event [D], from parameters [B, params_size]."""

    @abc.abstractmethod
    def from_noise(self, q, noise):
        """(z, log_q): z [S, B, D] from noise [S, B, *noise_shape]; log q(z|x) [S, B] or None."""

    def draw_noise(self, seed, num_samples: int, batch_size):
        """Standard normal noise [S, B, *noise_shape] from a stateless int32 [2] seed."""
        return tf.random.stateless_normal([num_samples, batch_size, *self.noise_shape], seed)

    def get_config(self):
        # Not DistributionLambda's: that pickles Python functions.
        return tfkl.Layer.get_config(self) | {"latent_dim": self.latent_dim}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@tfk.saving.register_keras_serializable("keras_vae")
class DiagonalNormal(Posterior):
    """q(z|x) = N(loc(x), diag(scale(x)^2)) (Kingma & Welling 2014, eq. 9)."""

    @property
    def params_size(self):
        return 2 * self.latent_dim

    def distribution(self, params):
        loc, raw_scale = tf.split(params, 2, axis=-1)
        scale = tf.math.softplus(raw_scale + _UNIT) + _MIN_SCALE
        return tfd.Independent(tfd.Normal(loc, scale), 1)

    def from_noise(self, q, noise):
        z = q.mean() + q.stddev() * noise
        return z, q.log_prob(z)


@tfk.saving.register_keras_serializable("keras_vae")
class FullCovarianceNormal(Posterior):
    """q(z|x) = N(loc(x), L(x) L(x)^T) with L lower triangular."""

    @property
    def params_size(self):
        return self.latent_dim + self.latent_dim * (self.latent_dim + 1) // 2

    def distribution(self, params):
        loc, raw_scale = tf.split(params, [self.latent_dim, -1], axis=-1)
        diagonal = tfb.Chain([tfb.Shift(_MIN_SCALE), tfb.Softplus(), tfb.Shift(_UNIT)])
        scale_tril = tfb.FillScaleTriL(diag_bijector=diagonal, diag_shift=None)(raw_scale)
        return tfd.MultivariateNormalTriL(loc, scale_tril)

    def from_noise(self, q, noise):
        z = q.loc + tf.linalg.matvec(q.scale_tril, noise)
        return z, q.log_prob(z)


@tfk.saving.register_keras_serializable("keras_vae")
class Deterministic(Posterior):
    """All mass on loc(x): the code of an autoencoder. It needs no noise and has no density."""

    has_density = False

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.noise_shape = (0,)

    @property
    def params_size(self):
        return self.latent_dim

    def distribution(self, params):
        return tfd.VectorDeterministic(params)

    def from_noise(self, q, noise):
        num_samples = tf.shape(noise)[0]
        return tf.repeat(q.mean()[tf.newaxis], num_samples, axis=0), None
