"""Normal posteriors."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfb, tfd, tfk
from keras_vae.ops.positive import NARROWEST, scale_of
from keras_vae.ops.shapes import shaped
from keras_vae.posteriors.base import Posterior

# Keeps a low-rank covariance positive definite in float32.
_MAX_FACTOR = 10.0


@tfk.saving.register_keras_serializable("keras_vae")
class DiagonalNormal(Posterior):
    """q(z|x) = N(loc(x), diag(scale(x)^2)) (Kingma & Welling 2014, eq. 9)."""

    takes_maps = True
    is_diagonal = True

    @property
    def params_size(self) -> int:
        return 2 * self.latent_shape[-1]

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        return diagonal_normal(params, len(self.latent_shape))

    def outputs(self, q: tfd.Distribution) -> dict[str, tf.Tensor]:
        return {"loc": q.mean(), "scale": q.stddev()}

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        z = q.mean() + q.stddev() * shaped(noise, self.latent_shape)
        return z, q.log_prob(z)


def diagonal_normal(
    params: tf.Tensor, event_rank: int = 1, narrowest: float = NARROWEST
) -> tfd.Distribution:
    """N(loc, diag(scale^2)), event [D], from parameters [B, 2 D]; of maps, the last axis is D.

    All scales are above `narrowest`.
    """
    loc, raw_scale = tf.split(params, 2, axis=-1)
    return tfd.Independent(tfd.Normal(loc, scale_of(raw_scale, narrowest)), event_rank)


@tfk.saving.register_keras_serializable("keras_vae")
class FullCovarianceNormal(Posterior):
    """q(z|x) = N(loc(x), L(x) L(x)^T) with L lower triangular."""

    @property
    def params_size(self) -> int:
        return self.latent_dim + self.latent_dim * (self.latent_dim + 1) // 2

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        loc, raw_scale = tf.split(params, [self.latent_dim, -1], axis=-1)
        raw = tfb.FillTriangular()(raw_scale)
        # TFP's FillScaleTriL would not do: TFLite lacks its operators.
        scale_tril = tf.where(tf.eye(self.latent_dim, dtype=tf.bool), scale_of(raw), raw)
        return tfd.MultivariateNormalTriL(loc, scale_tril)

    def outputs(self, q: tfd.Distribution) -> dict[str, tf.Tensor]:
        return {"loc": q.loc, "scale_tril": q.scale_tril}

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        z = q.loc + tf.linalg.matvec(q.scale_tril, noise)
        return z, q.log_prob(z)


@tfk.saving.register_keras_serializable("keras_vae")
class LowRankNormal(Posterior):
    """q(z|x) = N(loc(x), S (I + W(x) W(x)^T) S), S = diag(scale(x)), W of `rank` columns.

    It has correlations along a few directions, at about the cost of a diagonal covariance.

    Args:
      latent_dim: D.
      rank: columns of W, at least 1.

    References:
      Ong, Nott & Smith 2018, Gaussian variational approximation with a factor covariance structure.
    """

    def __init__(self, latent_dim: int, rank: int = 2, **kwargs):
        if rank < 1:
            raise ValueError(f"rank must be at least 1, got {rank}.")
        super().__init__(latent_dim, **kwargs)
        self.rank = rank

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (self.latent_dim + self.rank,)

    @property
    def params_size(self) -> int:
        return (2 + self.rank) * self.latent_dim

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        d = self.latent_dim
        loc, raw_scale, raw_factor = tf.split(params, [d, d, self.rank * d], axis=-1)
        scale = scale_of(raw_scale)[..., tf.newaxis]
        raw_factor = tf.reshape(raw_factor, tf.concat([tf.shape(loc), [self.rank]], 0))
        factor = scale * _MAX_FACTOR * tf.tanh(raw_factor / _MAX_FACTOR)
        return tfd.MultivariateNormalDiagPlusLowRankCovariance(loc, scale[..., 0] ** 2, factor)

    def outputs(self, q: tfd.Distribution) -> dict[str, tf.Tensor]:
        scale = tf.sqrt(q.cov_diag_factor)
        return {"loc": q.loc, "scale": scale, "factor": q.cov_perturb_factor}

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        own, shared = tf.split(noise, [self.latent_dim, self.rank], axis=-1)
        scale = tf.sqrt(q.cov_diag_factor)
        z = q.loc + scale * own + tf.linalg.matvec(q.cov_perturb_factor, shared)
        return z, q.log_prob(z)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rank": self.rank}
