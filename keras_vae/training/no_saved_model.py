"""Keras' ways to a SavedModel or LiteRT, which point to this project's own."""

import os
from typing import Any, NoReturn

from keras_vae._compat import tfk


class NoSavedModel(tfk.Model):
    """A Keras model that `export.write` exports, since only its functions draw as Python does."""

    def export(self, filepath: str | os.PathLike, *args, **kwargs) -> NoReturn:
        """Refused: `export.write(vae, folder)` exports."""
        _refuse("export")

    # TensorFlow asks for the first where a model is saved, for the second where it is converted.

    def _trackable_children(self, save_type: str = "checkpoint", **kwargs) -> dict[str, Any]:
        if save_type == "savedmodel":
            _refuse("tf.saved_model.save")
        return super()._trackable_children(save_type, **kwargs)

    def _get_save_spec(self, *args, **kwargs) -> NoReturn:
        _refuse("tf.lite.TFLiteConverter.from_keras_model")


def _refuse(door: str) -> NoReturn:
    raise ValueError(
        f"{door}: a VAE is exported by `import export; export.write(vae, folder)`, which writes a "
        "SavedModel and LiteRT files that encode, decode and sample by a seed."
    )
