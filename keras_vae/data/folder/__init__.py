"""Images in a folder of files."""

from keras_vae.data.folder.reading import read

__all__ = ["read"]
