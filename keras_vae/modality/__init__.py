"""Modalities: what kind of thing an example is. A new one is a file of its own, see `Modality`."""

from keras_vae.modality.base import Modality, stored
from keras_vae.modality.image import Image
from keras_vae.modality.music import Music
from keras_vae.modality.tabular import Table, of_facts

__all__ = ["Image", "Modality", "Music", "Table", "of_facts", "stored"]
