"""Small models, their examples, and what pictures of them show."""

import numpy as np

import keras_vae
from keras_vae.batches import Batch

RNG = np.random.default_rng(0)
EXAMPLES = RNG.uniform(size=(40, 8, 8, 1)).astype(np.float32)
BATCH = Batch(EXAMPLES, None)
MAP = {"network": "conv", "filters": (4, 4), "latent_shape": (2, 2, 3)}  # Options of `build`.


def build(recipe="vae", **options):
    grey = {"event_shape": (8, 8, 1), "likelihood": "continuous_bernoulli"}
    sizes = {} if "latent_shape" in options else {"latent_dim": 2, "hidden": (16,)}
    options = sizes | grey | options
    return keras_vae.build(keras_vae.recipe(recipe, **options))


def shown_in(picture):
    (image,) = picture.figure.axes[0].images
    return np.asarray(image.get_array())[..., 0]


def as_bytes(images):
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)


def tiles_of(picture, rows, columns):
    """The images [rows, columns, 8, 8] of a grid whose gaps are a pixel wide."""
    shown = shown_in(picture)
    assert shown.shape == (9 * rows - 1, 9 * columns - 1)
    return np.array(
        [[shown[9 * r : 9 * r + 8, 9 * c : 9 * c + 8] for c in range(columns)] for r in range(rows)]
    ).astype(int)
