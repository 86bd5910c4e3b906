"""Whether single latents stand for single factors of the data."""

from keras_vae.evaluation.disentanglement.scores import disentanglement

__all__ = ["disentanglement"]
