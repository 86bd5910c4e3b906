"""What the rate is made of: the KL of the aggregated posterior, and what tells examples apart."""

import math
from collections.abc import Iterable

import numpy as np

from keras_vae import seeds
from keras_vae._compat import tf, tfd
from keras_vae.batches import Batch
from keras_vae.ops.in_batches import in_batches
from keras_vae.seeds import Site
from keras_vae.vae import VAE

# Densities computed at a time, each of one latent of one draw under one example's posterior.
_MAX_VALUES = 2**23


def decomposition(
    vae: VAE, batches: Iterable[Batch], num_draws: int = 2000, seed: int = 0
) -> dict[str, float | None] | None:
    """Splits the mean rate over N examples by their aggregated posterior q(z) = mean_n q(z|x_n).

    rate = mutual information + KL(q(z) || p(z)), and of a prior and posterior whose latents are
    independent, that KL = total correlation + sum of each latent's KL(q(z_j) || p(z_j)). The
    examples are all there are for q(z), so the mutual information is at most log N.

    Args:
      vae: a VAE.
      batches: iterable of Batch, gone through once.
      num_draws: draws of z, evenly from the examples.
      seed: of the draws.

    Returns:
      dict in nats: `mutual_information_nats`, `marginal_kl_nats`, and `total_correlation_nats` and
      `dimension_wise_kl_nats`, which are None where latents depend on each other given x or in the
      prior. None for autoencoders, conditional models, those of several layers or steps, and those
      whose posterior's density at any z takes many passes (IAF).

    References:
      Hoffman & Johnson 2016, ELBO surgery; Chen et al. 2018, Isolating sources of disentanglement,
      eq. 2.
    """
    posterior = vae.encoder.posterior
    if posterior is None or not (posterior.has_density and posterior.density_in_one_pass):
        return None
    if vae.condition is not None:
        return None
    prior = vae.prior.distribution()
    seen = (vae.encoder_input(b.x, b.mask) for b in batches)
    parameters = tf.concat([vae.encoder.parameters(x) for x in seen], 0)
    num_examples = len(parameters)
    rng = np.random.default_rng(seed)
    drawn_from = np.resize(rng.permutation(num_examples), num_draws)
    q_of_own = posterior.distribution(tf.gather(parameters, drawn_from))
    noise = tf.random.stateless_normal(
        [1, len(drawn_from), *posterior.noise_shape], seeds.derive(seed, Site.EVALUATE)
    )
    z, log_q_of_own = (tf.squeeze(t, 0) for t in posterior.from_noise(q_of_own, noise))
    by_latent = _is_factorial(q_of_own) and _is_factorial(prior)

    @tf.function
    def log_q(z):
        """log q(z) [C], and of each latent alone [C, D] (zeros where that isn't known)."""
        q = posterior.distribution(parameters)
        if not by_latent:
            joint = tf.reduce_logsumexp(q.log_prob(z[:, tf.newaxis]), 1)
            return joint, tf.zeros_like(vae.flat(z))
        log_q = vae.flat(q.distribution.log_prob(z[:, tf.newaxis]))  # [C, N, D]
        joint = tf.reduce_logsumexp(tf.reduce_sum(log_q, -1), 1)
        return joint, tf.reduce_logsumexp(log_q, 1)

    rows = max(1, _MAX_VALUES // (num_examples * posterior.latent_dim))
    joint, each = (part - math.log(num_examples) for part in in_batches(log_q, rows, z))
    found = {
        "mutual_information_nats": _mean(log_q_of_own - joint),
        "marginal_kl_nats": _mean(joint - prior.log_prob(z)),
        "total_correlation_nats": None,
        "dimension_wise_kl_nats": None,
    }
    if by_latent:
        product = tf.reduce_sum(each, -1)
        found["total_correlation_nats"] = _mean(joint - product)
        found["dimension_wise_kl_nats"] = _mean(product - prior.log_prob(z))
    return found


def _is_factorial(distribution) -> bool:
    """Whether the latents are independent of each other."""
    return isinstance(distribution, tfd.Independent) and isinstance(
        distribution.distribution, tfd.Normal
    )


def _mean(values) -> float:
    return float(np.mean(values, dtype=np.float64))
