"""From a config to its data: loaded, checked against the model, binarized."""

import numpy as np

from keras_vae import data
from keras_vae.build import LIKELIHOODS
from keras_vae.config import Config
from keras_vae.likelihoods import Support


def load(config: Config) -> data.Dataset:
    """The data set that the config names.

    Raises:
      ValueError, OSError: it isn't there or can't be used; see keras_vae.data.load.
    """
    options = config.data
    return data.load(
        options.dataset,
        data_dir=options.data_dir,
        image_size=options.image_size,
        npz_keys=options.npz_keys,
        validation_size=options.validation_size,
        seed=config.training.seed,
        memory_limit_gb=options.memory_limit_gb,
    )


def resolve(config: Config, dataset: data.Dataset) -> Config:
    """The config with what the data settles filled in: shape, levels and binarization.

    Raises:
      ValueError: the likelihood gives no mass to such data.
    """
    images = dataset.train
    support = LIKELIHOODS[config.model.likelihood][0].support
    binarization = data.resolve(
        config.data.binarization, images, needs_binary=support is Support.BINARY
    )
    if support is Support.UNIT and images.dtype == np.float32:
        low, high = images.array.min(), images.array.max()
        if low < 0 or high > 1:
            raise ValueError(
                f"likelihood={config.model.likelihood} is for values in [0, 1], the data has "
                f"{low:g} to {high:g}. Rescale the data or use likelihood=normal."
            )
    levels = 2 if binarization != "none" else images.levels
    if support is Support.LEVELS and levels is None:
        raise ValueError(
            f"likelihood={config.model.likelihood} is for quantised data such as 8-bit images; "
            "this data has real values. Use likelihood=normal."
        )
    return config.replace(event_shape=images.shape, levels=levels, binarization=binarization)


def evaluation_batches(config: Config, images, batch_size: int, draw_noise=None):
    """All examples of a split in order, as the model sees them, in batches."""
    return data.evaluation_batches(
        images,
        batch_size=batch_size,
        seed=config.training.seed,
        binarization=config.data.binarization,
        draw_noise=draw_noise,
    )
