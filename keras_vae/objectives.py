"""Objectives: functions of Terms that training minimises.

An objective gives the loss per example and says, by `kl_loss`, which KL the model adds to its
losses, weighted with beta. Training sums the two, so an objective's own terms don't repeat that KL.
Its `bound` is what validation compares: at beta = 1, whatever was trained.
"""

import abc
from dataclasses import dataclass
from typing import ClassVar, Literal

from keras_vae._compat import TensorLike, tf, tfp
from keras_vae.terms import Terms


class Objective(abc.ABC):
    """The base class of objectives; its `bound` is the evidence lower bound.

    A call gives the loss per example [B] of Terms and beta.

    Attributes:
      needs_bound: whether it needs log p(z) and log q(z|x), and so a model that has a bound.
      num_samples: samples of z per example.
      averages_weights: whether it is the log of a mean over the samples of an example.
      over_batch: whether the loss of an example depends on the others of its batch.
      kl_loss: "analytic", "sampled", "auto": how the model adds the KL to its losses, or None.
      stop_posterior: whether log q(z|x) comes with its parameters stopped, and z with a
        `GradientWeight`, that of `gradient_weight`.
    """

    needs_bound: ClassVar[bool] = True
    averages_weights: ClassVar[bool] = False
    over_batch: ClassVar[bool] = False

    num_samples: int

    @property
    def kl_loss(self) -> str | None:
        return None

    @property
    def stop_posterior(self) -> bool:
        return False

    @abc.abstractmethod
    def __call__(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor:
        """Loss per example [B], without what comes from the model's losses."""

    def bound(self, terms: Terms) -> tf.Tensor:
        """The bound on log p(x), [B], that this objective is about."""
        return terms.elbo_nats

    def gradient_weight(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor | None:
        """The factor of the gradient that reaches z, [S, B]; None leaves the gradient as it is."""
        del terms, beta
        return None


@dataclass(frozen=True)
class SGVB(Objective):
    """The evidence lower bound (Kingma & Welling 2014); its KL comes from the model's losses.

    Args:
      kl: "analytic", estimator B (eq. 7); "sampled", estimator A (eq. 6); "auto", B where TFP has
        the KL in closed form, else A.
      num_samples: L, samples of z per example (eq. 8).
    """

    kl: Literal["auto", "analytic", "sampled"] = "auto"
    num_samples: int = 1

    @property
    def kl_loss(self) -> str:
        return self.kl

    def __call__(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor:
        """Loss per example [B] without the KL, which comes from the model's losses."""
        del beta  # It weighs the KL in the model's losses.
        return terms.distortion


@dataclass(frozen=True)
class FreeBits(Objective):
    """The bound in which each latent's rate, averaged over the batch, is free up to `nats`.

    Where the model has no KL of each latent, this is each stochastic layer's rate, or that of all
    latents together.

    Args:
      nats: lambda, the free nats per latent (or layer).
      num_samples: L, samples of z per example.

    References:
      Kingma et al. 2016, Improving variational inference with inverse autoregressive flow, eq. 15.
    """

    nats: float = 0.1
    num_samples: int = 1
    over_batch: ClassVar[bool] = True

    def __call__(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor:
        """Loss per example [B]; the rate is one number for the whole batch, all replicas'."""
        kl = tf.reduce_mean(terms.kl_by_group, axis=0)  # [G]
        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            kl = replica.all_reduce(tf.distribute.ReduceOp.MEAN, kl)
        return terms.distortion + beta * tf.reduce_sum(tf.maximum(kl, self.nats))


@dataclass(frozen=True)
class ImportanceWeighted(Objective):
    """The bound of k importance samples, -log (1/k) sum_s w_s (Burda et al. 2016, eq. 8).

    With the prior as posterior this is plain Monte Carlo, -log (1/k) sum_s p(x|z_s). Below beta = 1
    the weights are p(x|z) (p(z) / q(z|x))^beta.

    Args:
      num_samples: k.
      gradient: "plain"; "stl", sticking the landing, without the score of q, biased above k = 1
        (Roeder et al. 2017); "dreg", doubly reparameterized: that score turned into a path
        derivative, unbiased (Tucker et al. 2019).
    """

    num_samples: int = 50
    gradient: Literal["plain", "stl", "dreg"] = "plain"
    averages_weights: ClassVar[bool] = True

    @property
    def stop_posterior(self) -> bool:
        return self.gradient != "plain"

    def __call__(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor:
        """Loss per example [B]."""
        return -tfp.math.reduce_logmeanexp(self._log_weight(terms, beta), axis=0)

    def gradient_weight(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor | None:
        if self.gradient != "dreg":
            return None
        # Tucker et al. have beta = 1, where this is the normalised weight once more.
        weight = tf.nn.softmax(self._log_weight(terms, beta), axis=0)
        return 1.0 - beta * (1.0 - weight)

    def _log_weight(self, terms, beta):
        return terms.log_likelihood + beta * (terms.log_prior - terms.log_posterior)

    def bound(self, terms: Terms) -> tf.Tensor:
        return tfp.math.reduce_logmeanexp(terms.log_weight, axis=0)


@dataclass(frozen=True)
class Reconstruction(Objective):
    """-log p(x|z) alone: an autoencoder."""

    num_samples: int = 1
    needs_bound: ClassVar[bool] = False

    def __call__(self, terms: Terms, beta: TensorLike | float) -> tf.Tensor:
        """Loss per example [B]."""
        del beta
        return terms.distortion

    def bound(self, terms: Terms) -> tf.Tensor:
        return -terms.distortion
