"""Residual dense bodies."""

from keras_vae._compat import tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Residual(tfkl.Layer):
    """x [N, F] -> W x + gain * body(x), with a gain [G] that starts at zero.

    A new layer is linear, and any number of them one after the other trains without normalisation
    (Bachlechner et al. 2021, ReZero is all you need).

    Args:
      body: Keras layer, x [N, ...] -> [N, G].
    """

    def __init__(self, body, **kwargs):
        super().__init__(**kwargs)
        self.body = body
        self.flatten = tfkl.Flatten()

    def build(self, input_shape):
        units = self.body.compute_output_shape(input_shape)[-1]
        self.shortcut = tfkl.Dense(units, use_bias=False)
        self.gain = self.add_weight("gain", [units], initializer="zeros")
        super().build(input_shape)

    def call(self, x):
        return self.shortcut(self.flatten(x)) + self.gain * self.body(x)

    def get_config(self):
        return super().get_config() | {"body": tfk.saving.serialize_keras_object(self.body)}

    @classmethod
    def from_config(cls, config):
        return cls(tfk.saving.deserialize_keras_object(config["body"]))
