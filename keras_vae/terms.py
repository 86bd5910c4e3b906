"""Terms: all that objectives, evaluation and the trainer see of a model; and their making."""

from collections.abc import Sequence
from typing import NamedTuple

from keras_vae._compat import tf
from keras_vae.ops.gradients import GradientWeight
from keras_vae.rate import Rate


class Terms(NamedTuple):
    """Log-densities of a model at x and z, in nats per example.

    Attributes:
      z: latents, [S, B, *latent_shape].
      log_likelihood: log p(x|z), [S, B].
      log_prior: log p(z), [S, B]; None without a bound (autoencoders).
      log_posterior: log q(z|x), [S, B], or None as above.
      kl: KL(q(z|x) || p(z)) of G latents or groups of them (stochastic layers), [B, G]; None where
        only the sampled rate of all latents together is known.
      gradient_weight: the `GradientWeight` on z, where log_posterior has its parameters stopped.
      rates: the `rate.Rate` of each stochastic layer; none without a bound.
    """

    z: tf.Tensor
    log_likelihood: tf.Tensor
    log_prior: tf.Tensor | None = None
    log_posterior: tf.Tensor | None = None
    kl: tf.Tensor | None = None
    gradient_weight: GradientWeight | None = None
    rates: Sequence[Rate] = ()

    @property
    def has_bound(self) -> bool:
        """Whether the model has a bound on log p(x)."""
        return self.log_posterior is not None

    @property
    def distortion(self) -> tf.Tensor:
        """-E log p(x|z), [B], estimated with the S samples."""
        return -tf.reduce_mean(self.log_likelihood, axis=0)

    @property
    def rate(self) -> tf.Tensor:
        """KL(q(z|x) || p(z)), [B]; in closed form where there is one, else sampled."""
        if self.kl is not None:
            return tf.reduce_sum(self.kl, axis=-1)
        return tf.reduce_mean(tf.subtract(self.log_posterior, self.log_prior), axis=0)

    @property
    def kl_by_group(self) -> tf.Tensor:
        """The parts of `rate`, [B, G]; G is 1 where only the whole is known."""
        return self.rate[:, tf.newaxis] if self.kl is None else self.kl

    @property
    def elbo_nats(self) -> tf.Tensor:
        """The evidence lower bound, [B], at beta = 1 whatever training used."""
        return -self.distortion - self.rate

    @property
    def log_weight(self) -> tf.Tensor:
        """log p(x, z) - log q(z|x), [S, B]."""
        return self.log_likelihood + self.log_prior - self.log_posterior


class Latents(NamedTuple):
    """z made from noise, and what the parts that make it say of it.

    Attributes:
      z: [S, B, *latent_shape].
      state: what the decoder is given of z.
      log_prior, log_posterior, kl, rates: see `Terms`.
    """

    z: tf.Tensor
    state: tf.Tensor
    log_prior: tf.Tensor | None = None
    log_posterior: tf.Tensor | None = None
    kl: tf.Tensor | None = None
    rates: Sequence[Rate] = ()
