"""Mixtures: their density, and a prior that is one."""

import math
from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions import plain
from keras_vae.ops.categorical import CHOICE_NOISE, from_normal
from keras_vae.priors.base import Prior
from keras_vae.priors.normal import normal, raw_scale_of


def mixture(logits: TensorLike, components: tfd.Distribution) -> tfd.Distribution:
    """p(z) = sum_k softmax(logits)_k p_k(z).

    Args:
      logits: [K].
      components: batch [K], event [D].
    """
    components = plain(components)
    factorises = isinstance(components, tfd.Independent)
    if factorises and isinstance(components.distribution, tfd.Normal):
        family = _DiagonalMixture
    elif isinstance(components, tfd.MultivariateNormalTriL):
        family = _FullMixture
    else:
        family = tfd.MixtureSameFamily
    return family(tfd.Categorical(logits), components)


class _DiagonalMixture(tfd.MixtureSameFamily):
    """A mixture of diagonal normals whose density takes one matrix product.

    MixtureSameFamily's takes an array of [..., K, D], D times as large as what follows from it.
    """

    def _per_mixture_component_log_prob(self, z):
        """log w_k + log p_k(z), [..., K], from z [..., D]."""
        # sum_d ((z - m) / s)^2 = [z^2, z] . [s^-2, -2 m s^-2] + sum_d (m / s)^2. In float32 these
        # cancel to an error of 0.03 nats at s = 0.02 (and of far more on GPUs, which round factors
        # to 10 bits by default); in float64 it is below float32's of the direct way.
        loc, scale = self.components_distribution.mean(), self.components_distribution.stddev()
        z, loc, scale = (tf.cast(t, tf.float64) for t in (z, loc, scale))
        precision = 1.0 / tf.square(scale)  # [K, D]
        rows = tf.reshape(tf.concat([tf.square(z), z], axis=-1), [-1, 2 * loc.shape[-1]])
        columns = tf.concat([precision, -2.0 * loc * precision], axis=-1)
        distance = tf.matmul(rows, columns, transpose_b=True)  # [N, K]
        distance += tf.reduce_sum(tf.square(loc) * precision, axis=-1)
        log_norm = tf.reduce_sum(tf.math.log(scale), axis=-1)
        log_norm += 0.5 * math.log(2.0 * math.pi) * loc.shape[-1]
        log_prob = tf.cast(-0.5 * distance - log_norm, tf.float32)
        log_prob += tf.nn.log_softmax(self.mixture_distribution.logits)
        return tf.reshape(log_prob, tf.concat([tf.shape(z)[:-1], loc.shape[:1]], 0))


class _FullMixture(tfd.MixtureSameFamily):
    """A mixture of normals whose density takes one matrix product, where TFP's solves a triangular
    system for each z and component."""

    def _per_mixture_component_log_prob(self, z):
        """log w_k + log p_k(z), [..., K], from z [..., D]."""
        loc, scale_tril = self.components_distribution.loc, self.components_distribution.scale_tril
        identity = tf.eye(loc.shape[-1], batch_shape=loc.shape[:1])
        inverse = tf.linalg.triangular_solve(scale_tril, identity)  # [K, D, D]
        centred = z[..., tf.newaxis, :] - loc
        distance = tf.reduce_sum(tf.square(tf.einsum("kij,...kj->...ki", inverse, centred)), -1)
        log_norm = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(scale_tril)), axis=-1)
        log_norm += 0.5 * math.log(2.0 * math.pi) * loc.shape[-1]
        return tf.nn.log_softmax(self.mixture_distribution.logits) - 0.5 * distance - log_norm


@tfk.saving.register_keras_serializable("keras_vae")
class MixtureOfNormals(Prior):
    """p(z) = sum_k w_k N(loc_k, L_k L_k^T), weights and all trained with the model.

    Args:
      latent_dim: D.
      num_components: K.
      covariance: "diagonal", or "full": L_k is any lower triangular matrix.
    """

    is_mixture = True

    def __init__(
        self, latent_dim: int, num_components: int = 10, covariance: str = "diagonal", **kwargs
    ):
        if covariance not in _ESTIMATORS:
            raise ValueError(f"covariance must be diagonal or full, got {covariance!r}.")
        super().__init__(latent_dim, **kwargs)
        self.num_components, self.covariance = num_components, covariance
        # At first about N(0, I), half of its variance within components and half between them.
        spread = math.sqrt(0.5)
        shape = [num_components, latent_dim]
        self.logits = self.add_weight("logits", [num_components], initializer="zeros")
        self.loc = self.add_weight(
            "loc", shape, initializer=tfk.initializers.RandomNormal(stddev=spread)
        )
        self.raw_scale = self.add_weight(
            "raw_scale", shape, initializer=tfk.initializers.Constant(raw_scale_of(spread))
        )
        if covariance == "full":
            # Only the part below the diagonal counts.
            self.lower = self.add_weight("lower", [*shape, latent_dim], initializer="zeros")

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (self.latent_dim + CHOICE_NOISE,)

    def fit(self, codes: TensorLike, seed: int = 0) -> None:
        """Takes the mixture of largest likelihood found for codes [N, D].

        Raises:
          ValueError: fewer codes than components.
        """
        from sklearn.mixture import GaussianMixture as Estimator

        codes = np.asarray(codes, np.float64)
        if len(codes) < self.num_components:
            raise ValueError(
                f"num_components must be at most the {len(codes)} codes, got {self.num_components}."
            )
        family = _ESTIMATORS[self.covariance]
        found = Estimator(
            self.num_components, covariance_type=family, random_state=seed, reg_covar=1e-4
        ).fit(codes)
        weights = [np.log(found.weights_), found.means_]
        if self.covariance == "full":
            scale_tril = np.linalg.cholesky(found.covariances_)
            scale = np.diagonal(scale_tril, axis1=1, axis2=2)
            self.set_weights([*weights, raw_scale_of(scale), scale_tril])
        else:
            self.set_weights([*weights, raw_scale_of(np.sqrt(found.covariances_))])

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        components = normal(self.loc, self.raw_scale)
        if self.covariance == "full":
            # TFLite has these operators.
            below = np.tri(self.latent_dim, k=-1, dtype=bool)
            diagonal = tf.eye(self.latent_dim) * components.stddev()[..., tf.newaxis]
            scale_tril = tf.where(below, self.lower, diagonal)
            components = tfd.MultivariateNormalTriL(self.loc, scale_tril)
        return mixture(self.logits, components)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        noise, choice = tf.split(noise, [self.latent_dim, CHOICE_NOISE], axis=-1)
        k = from_normal(self.logits, choice)
        components = self.distribution().components_distribution
        if self.covariance == "full":
            deviation = tf.linalg.matvec(tf.gather(components.scale_tril, k), noise)
        else:
            deviation = tf.gather(components.stddev(), k) * noise
        return tf.gather(self.loc, k) + temperature * deviation

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        p = self.distribution()
        return p.mean(), p.stddev()

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_components": self.num_components,
            "covariance": self.covariance,
        }


# scikit-learn's names of both covariances.
_ESTIMATORS = {"diagonal": "diag", "full": "full"}
