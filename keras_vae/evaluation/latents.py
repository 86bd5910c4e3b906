"""What the latents carry."""

import numpy as np


def active_units(vae, batches, threshold: float = 0.01) -> int:
    """The number of latents whose code varies with x (Burda et al. 2016, section 5.3).

    Args:
      vae: a VAE.
      batches: iterable of Batch.
      threshold: a latent is active if the variance over examples of E[z|x] is above it.
    """
    means = np.concatenate([vae.code(b.x, b.condition).numpy() for b in batches])
    return int(np.sum(np.var(means, axis=0) > threshold))
