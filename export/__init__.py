"""Generators that run without this project: `export.write(vae, path)`.

Imports nothing by itself, for `export.sample` runs where there is neither TensorFlow nor Keras.
"""

import importlib
import os

os.environ.setdefault("KERAS_VAE_COMMAND", "1")  # TensorFlow starts quietly: keras_vae._quiet.


def __getattr__(name):
    if name == "write":
        return importlib.import_module("export.writer").write
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.")
