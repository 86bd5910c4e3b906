"""The binaries that train, measure, report, compare, compress, find anomalies and write codes."""

import os
import sys

os.environ.setdefault("KERAS_VAE_COMMAND", "1")  # TensorFlow starts quietly: keras_vae._quiet.

try:
    import keras_vae  # noqa: F401
except ImportError as error:  # Versions don't fit. A command says it in one line.
    sys.exit(f"error: {error}")
