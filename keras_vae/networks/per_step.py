"""A body for each step of a sequence."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class PerStep(tfkl.Layer):
    """One body, the same at all steps: [N, T, ...] or flat [N, T D + K] -> [N, T, F].

    Args:
      body: Keras layer, a step [M, D + K] -> [M, F].
      num_steps: T.
      step_size: D, how many values are a step's own; what is left at the end, such as a
        condition, is given to every step.
    """

    def __init__(self, body: tfkl.Layer, num_steps: int, step_size: int, **kwargs):
        super().__init__(**kwargs)
        self.body, self.num_steps, self.step_size = body, num_steps, step_size
        self.flatten = tfkl.Flatten()

    def call(self, x: TensorLike) -> tf.Tensor:
        x = self.flatten(x)
        own = self.num_steps * self.step_size
        steps = tf.reshape(x[:, :own], [-1, self.step_size])
        if x.shape[-1] > own:
            steps = tf.concat([steps, tf.repeat(x[:, own:], self.num_steps, axis=0)], axis=-1)
        features = self.body(steps)
        return tf.reshape(features, [-1, self.num_steps, features.shape[-1]])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "body": tfk.saving.serialize_keras_object(self.body),
            "num_steps": self.num_steps,
            "step_size": self.step_size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PerStep":
        body = tfk.saving.deserialize_keras_object(config.pop("body"))
        return cls(body, **config)
