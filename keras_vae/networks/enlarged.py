"""Maps brought to a larger size."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Enlarged(tfkl.Layer):
    """A map [N, h, w, F] -> [N, H, W, F]: each place is repeated, and the surplus is cut.

    (The gradient of Keras' UpSampling2D is an operator that XLA lacks.)

    Args:
      size: (H, W).
    """

    def __init__(self, size: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, x: TensorLike) -> tf.Tensor:
        for axis, size in enumerate(self.size, start=1):
            if (times := -(-size // x.shape[axis])) > 1:
                x = tf.repeat(x, times, axis)
        height, width = self.size
        return x if x.shape[1:3] == self.size else x[:, :height, :width]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}
