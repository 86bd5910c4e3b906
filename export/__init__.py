"""Generators that run without this project: `export.write(vae, path)`.

The package imports nothing by itself: `export.sample` runs where TensorFlow and Keras are missing.
"""

import importlib
import os

os.environ.setdefault("KERAS_VAE_COMMAND", "1")  # TensorFlow starts quietly: keras_vae._quiet.


def __getattr__(name):
    if name == "write":
        return importlib.import_module("export.writer").write
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.")
