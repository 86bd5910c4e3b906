"""Decoders: z -> p(x|z)."""

from keras_vae.decoder.abstract_decoder import AbstractDecoder
from keras_vae.decoder.bayesian_decoder import BayesianDecoder
from keras_vae.decoder.independent import Decoder

__all__ = ["AbstractDecoder", "BayesianDecoder", "Decoder"]
