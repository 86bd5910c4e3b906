"""A model as a config, and in a `.keras` file."""

import os
from typing import Any, TypeVar

from keras_vae._compat import tfk
from keras_vae.modality import Modality, stored
from keras_vae.ops import dtype_policy
from keras_vae.storage import keras_file
from keras_vae.training.trainable import Trainable

_Storable = TypeVar("_Storable", bound="Storable")


class Storable(Trainable):
    """A Trainable whose parts are layers, from whose configs it is made again.

    A subclass sets its parts and facts, the arguments of its `__init__`.
    """

    encoder: tfk.layers.Layer
    decoder: tfk.layers.Layer
    prior: tfk.layers.Layer
    modality: Modality
    sees_mask: bool

    def save(
        self, path: str | os.PathLike, overwrite: bool = True, save_format: str = "keras"
    ) -> None:
        """Writes the model to a .keras file, from which `keras_vae.load` has it train on.

        Args:
          path: of the file, which ends in .keras.
          overwrite: whether a file that is there is replaced; else it is an error.
          save_format: Keras' own argument, "keras".
        """
        keras_file.write(self, path, overwrite, save_format)

    def in_float32(self: _Storable) -> _Storable:
        """This model or, if it computes in bfloat16, one in float32 with its weights.

        The weights are their moving average, where there is one.
        """
        if not dtype_policy.is_mixed(self):
            return self
        with dtype_policy.policy(dtype_policy.FLOAT32):
            found = self.from_config(dtype_policy.in_float32(self.get_config()))
        with self.evaluation_weights():
            found.set_weights(self.get_weights())
        return found

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "prior": self.prior and serialize(self.prior),
            "condition": self.condition and serialize(self.condition),
            "levels": self.levels,
            "modality": self.modality.to_dict(),
            "seed": self.seed,
            "sees_mask": self.sees_mask,
        }

    @classmethod
    def from_config(cls: type[_Storable], config: dict[str, Any]) -> _Storable:
        parts: dict[str, Any] = {
            name: config[name] and tfk.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder", "prior", "condition")
        }
        # Older files have none of these.
        facts = {
            "levels": config.get("levels"),
            "modality": stored(config.get("modality")),
            "sees_mask": config.get("sees_mask", False),
        }
        return cls(**parts, **facts, seed=config["seed"])
