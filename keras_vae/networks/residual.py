"""Residual dense bodies."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Residual(tfkl.Layer):
    """x [N, F] -> W x + gain * body(x), with a gain [units] that starts at zero.

    A new layer is linear, and any number of them one after the other trains without normalisation
    (Bachlechner et al. 2021, ReZero is all you need).

    Args:
      body: Keras layer, x [N, ...] -> [N, units].
      units: size of its output.
    """

    def __init__(self, body: tfkl.Layer, units: int, **kwargs):
        super().__init__(**kwargs)
        self.body, self.units = body, units
        self.flatten = tfkl.Flatten()
        self.shortcut = tfkl.Dense(units, use_bias=False)
        self.gain = self.add_weight("gain", [units], initializer="zeros")

    def call(self, x: TensorLike) -> tf.Tensor:
        return self.shortcut(self.flatten(x)) + self.gain * self.body(x)

    def get_config(self) -> dict[str, Any]:
        body = tfk.saving.serialize_keras_object(self.body)
        return super().get_config() | {"body": body, "units": self.units}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Residual":
        return cls(**config | {"body": tfk.saving.deserialize_keras_object(config["body"])})
