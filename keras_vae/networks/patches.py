"""Images as maps of patches, and back: a change of size without a loss."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.ops.shapes import patches


@tfk.saving.register_keras_serializable("keras_vae")
class ToPatches(tfkl.Layer):
    """x [N, H, W, C] -> [N, ceil(H/f), ceil(W/f), f f C], the patches of f x f pixels.

    Beyond the border there are zeros.

    Args:
      factor: f.
    """

    def __init__(self, factor: int, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: TensorLike) -> tf.Tensor:
        f = self.factor
        return x if f == 1 else patches(x, [-(-size // f) for size in x.shape[1:3]], (f, f))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor}


@tfk.saving.register_keras_serializable("keras_vae")
class FromPatches(tfkl.Layer):
    """Patches of f x f pixels [N, ceil(H/f), ceil(W/f), f f C] -> [N, H, W, C].

    Args:
      size: (H, W).
      factor: f.
    """

    def __init__(self, size: Sequence[int], factor: int, **kwargs):
        super().__init__(**kwargs)
        self.size, self.factor = tuple(size), factor

    def call(self, x: TensorLike) -> tf.Tensor:
        if self.factor == 1:
            return x
        x = tf.nn.depth_to_space(x, self.factor)
        height, width = self.size
        return x if x.shape[1:3] == self.size else x[:, :height, :width]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size, "factor": self.factor}
