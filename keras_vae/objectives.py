"""Objectives: functions of Terms that training minimises.

An objective gives the loss per example and says, by `kl_loss`, which KL the model adds to its
losses (weighted with beta) before training sums the two: none of an objective's own terms repeats
what comes from there.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from keras_vae._compat import tf


@dataclass(frozen=True)
class SGVB:
    """The evidence lower bound (Kingma & Welling 2014); its KL comes from the model's losses.

    Args:
      kl: "analytic", estimator B (eq. 7); "sampled", estimator A (eq. 6); "auto", B where TFP has
        the KL in closed form, else A.
      num_samples: L, samples of z per example (eq. 8).
    """

    kl: Literal["auto", "analytic", "sampled"] = "auto"
    num_samples: int = 1
    needs_density: ClassVar[bool] = True

    @property
    def kl_loss(self):
        return self.kl

    def __call__(self, terms, beta):
        """Loss per example [B] without the KL, which comes from the model's losses."""
        del beta  # It weighs the KL in the model's losses.
        return terms.distortion


@dataclass(frozen=True)
class FreeBits:
    """The bound in which each latent's rate, averaged over the batch, is free up to `nats`.

    Args:
      nats: lambda, the free nats per latent.
      num_samples: L, samples of z per example.

    References:
      Kingma et al. 2016, Improving variational inference with inverse autoregressive flow, eq. 15.
    """

    nats: float = 0.1
    num_samples: int = 1
    needs_density: ClassVar[bool] = True
    kl_loss: ClassVar[None] = None

    def __call__(self, terms, beta):
        """Loss per example [B]; the rate is one number for the whole batch, all replicas'."""
        if terms.kl is None:
            raise ValueError(
                "free bits needs the KL per latent in closed form, which this posterior and prior "
                "don't have. Use another posterior or objective."
            )
        kl = tf.reduce_mean(terms.kl, axis=0)  # [G]
        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            kl = replica.all_reduce(tf.distribute.ReduceOp.MEAN, kl)
        return terms.distortion + beta * tf.reduce_sum(tf.maximum(kl, self.nats))


@dataclass(frozen=True)
class Reconstruction:
    """-log p(x|z) alone: an autoencoder."""

    num_samples: int = 1
    needs_density: ClassVar[bool] = False
    kl_loss: ClassVar[None] = None

    def __call__(self, terms, beta):
        """Loss per example [B]."""
        del beta
        return terms.distortion
