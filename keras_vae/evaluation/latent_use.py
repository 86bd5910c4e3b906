"""What the latents carry."""

import math
from collections.abc import Iterable

import numpy as np

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.evaluation.two_sample import two_sample_test
from keras_vae.ops.in_batches import in_batches
from keras_vae.seeds import Site
from keras_vae.vae import VAE

# Parameters of p(x|z) in work at a time: 64 MB.
_MAX_VALUES = 2**24


def codes(vae: VAE, batches: Iterable[Batch]) -> np.ndarray:
    """The z that stand for the examples of `batches`, in their order, [N, D]; see `VAE.code`."""
    return np.concatenate([vae.flat(vae.code(b.x, b.condition, mask=b.mask)) for b in batches])


def active_units(vae: VAE, batches: Iterable[Batch], threshold: float = 0.01) -> int:
    """The number of latents whose code varies with x (Burda et al. 2016, section 5.3).

    Args:
      vae: a VAE.
      batches: iterable of Batch.
      threshold: a latent is active if the variance over examples of E[z|x] is above it.
    """
    count, total, squares = 0, np.zeros(vae.latent_dim), np.zeros(vae.latent_dim)
    for batch in batches:  # Codes of all examples at once may be gigabytes.
        z = vae.flat(vae.code(batch.x, batch.condition, mask=batch.mask))
        z = np.asarray(z, np.float64)
        count, total, squares = count + len(z), total + z.sum(0), squares + (z**2).sum(0)
    return int(np.sum(squares / count - (total / count) ** 2 > threshold))


def posterior_against_prior(vae: VAE, batch: Batch, seed: int = 0) -> dict[str, float]:
    """Whether the aggregated posterior is the prior: `two_sample_test` of draws from both.

    Where it isn't, samples are decoded from codes unlike those that training decoded. Arguments are
    as in `draw_latents`.
    """
    inferred, drawn = draw_latents(vae, batch, seed)
    return two_sample_test(inferred, drawn, seed=seed)


def draw_latents(vae: VAE, batch: Batch, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the aggregated posterior and of the prior, both [N, D].

    Args:
      vae: a VAE with a prior.
      batch: Batch of N examples; one z is drawn from each one's posterior, and one from the prior,
        under its condition.
      seed: of the draws.
    """
    num_points = len(batch.x)
    of_q = vae.draw_noise(seeds.derive(seed, Site.EVALUATE), 1, num_points)[0]
    of_p = vae.prior.draw_noise(seeds.derive(seed, Site.SAMPLE), num_points)

    def draw(x, condition, mask, of_q, of_p):
        inferred = vae.terms(x, of_q[tf.newaxis], condition, mask=mask).z[0]
        drawn = vae.prior_sample(of_p, condition=vae.condition_of(condition, x))
        return vae.flat(inferred).numpy(), vae.flat(drawn).numpy()

    size = max(1, _MAX_VALUES // math.prod(vae.decoder.likelihood.params_shape))
    return in_batches(draw, size, batch.x, batch.condition, batch.mask, of_q, of_p)
