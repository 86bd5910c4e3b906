"""Variational autoencoders for TensorFlow: train, measure, look, ship."""

from keras_vae.build import build
from keras_vae.config import Config
from keras_vae.decoder import Decoder
from keras_vae.encoder import Encoder
from keras_vae.recipes import recipe
from keras_vae.saving import load
from keras_vae.vae import VAE

__all__ = ["VAE", "Config", "Decoder", "Encoder", "build", "load", "recipe"]
