"""Lossless compression by a trained model, and by the formats that it is measured against."""

from keras_vae.compression.bits_back import BitsBack, CorruptFile
from keras_vae.compression.rivals import Size, png_size, rival_sizes

__all__ = ["BitsBack", "CorruptFile", "Size", "png_size", "rival_sizes"]
