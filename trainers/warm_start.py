"""A training that begins with another one's weights."""

import numpy as np

from keras_vae import inputs, saving
from keras_vae.priors import MixtureOfNormals


def check(vae, config) -> None:
    """Raises ValueError or OSError unless `vae` can begin with the weights its config names."""
    _pairs(vae, saving.load(config.training.warm_start), config)


def apply(vae, config, dataset) -> None:
    """Gives encoder, decoder and prior the weights (moving averages) of config.training.warm_start.

    A prior of another kind than the other model's keeps its own beginning; a mixture of normals
    begins where it fits the other model's codes of the training images (Jiang et al. 2017, section
    3.2).
    """
    source = saving.load(config.training.warm_start)
    for part, other in _pairs(vae, source, config):
        part.set_weights(other.get_weights())
    if isinstance(vae.prior, MixtureOfNormals) and type(source.prior) is not MixtureOfNormals:
        batches = inputs.evaluation_batches(config, dataset, "train", batch_size=1000)
        codes = np.concatenate([source.code(batch.x, batch.condition) for batch in batches])
        vae.prior.fit(codes, seed=config.training.seed)
    if vae.ema is not None:
        vae.ema.begin()


def _pairs(vae, source, config):
    """[(part of vae, part of the same kind and shapes of source)]."""
    pairs = [(vae.encoder, source.encoder), (vae.decoder, source.decoder)]
    if vae.prior is not None and type(vae.prior) is type(source.prior):
        pairs.append((vae.prior, source.prior))
    for part, other in pairs:
        wanted, found = ([w.shape.as_list() for w in p.weights] for p in (part, other))
        if wanted != found:
            raise ValueError(
                f"warm_start={config.training.warm_start}: its {type(other).__name__} has weights "
                f"of other shapes ({found}) than this model's ({wanted}). Take a run of the same "
                "networks and latents."
            )
    return pairs
