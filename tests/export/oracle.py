"""What a generator of binary images must draw from seeds, by numpy's noise and the Keras model."""

import numpy as np

from export import noise
from export.noise import Stream


def seeds(seed: int, count: int):
    """The pairs (seed, 0), (seed, 1), …, int32 [count, 2]."""
    return np.stack([np.full(count, seed), np.arange(count)], axis=1).astype(np.int32)


def drawn(model, seed, condition=None):
    """(image, drawn pixels, z) of the pairs `seed` [B, 2]."""
    z = noise.normal(seed, Stream.LATENT, model.latent_dim)
    image = model.decode(z, condition).mean().numpy()
    uniform = noise.uniform(seed, Stream.PIXEL, image[0].size).reshape(image.shape)
    return image, uniform < image, z
