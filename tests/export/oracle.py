"""What generators must draw from seeds, by numpy's noise and the Keras model."""

import math

import numpy as np

from export import random_numpy
from export.random_numpy import Stream


def seeds(seed: int, count: int):
    """The pairs (seed, 0), (seed, 1), …, int32 [count, 2]."""
    return np.stack([np.full(count, seed), np.arange(count)], axis=1).astype(np.int32)


def drawn(model, seed, condition=None):
    """(image, drawn pixels, z) of the pairs `seed` [B, 2]; of binary images and normal priors."""
    latent = random_numpy.normal(seed, Stream.LATENT, model.latent_dim)
    z = np.asarray(model.prior_sample(latent, condition=condition))
    image = model.decode(z, condition).mean().numpy()
    uniform = random_numpy.uniform(seed, Stream.PIXEL, image[0].size).reshape(image.shape)
    return image, uniform < image, z


def sampled(model, seed, condition=None) -> dict:
    """z and image of seeds [N, 2], given conditions of all or None."""
    shape = model.prior.noise_shape
    latent = random_numpy.normal(seed, Stream.LATENT, math.prod(shape)).reshape(len(seed), *shape)
    z, p = model.generate(latent, condition=condition)
    if model.decoder.in_turn:
        return {
            "z": z,
            "image": p.from_noise(random_numpy.normal(seed, Stream.STEP, *p.noise_shape)),
        }
    return {"z": z, "image": p.mean()}
