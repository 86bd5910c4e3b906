"""Self-attention."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class SelfAttention(tfkl.Layer):
    """x + gain * attention(norm(x)): each position looks at all positions of its example.

    Positions are steps of a sequence, x [B, T, F], or pixels, x [B, H, W, F]. The gain starts at
    zero, so that a new layer is the identity.

    Args:
      heads: of F // heads channels each.

    References:
      Vaswani et al. 2017, Attention is all you need; Zhang et al. 2019, Self-attention GANs, eq. 3
      (the gain).
    """

    def __init__(self, heads: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, shape: tf.TensorShape) -> None:
        self.norm = layer_norm(self.dtype_policy)
        # The projections have no biases: the norm has one, and a bias of the keys would cancel
        # in the softmax.
        size = max(1, shape[-1] // self.heads)
        self.attention = tfkl.MultiHeadAttention(
            self.heads, size, use_bias=False, dtype=self.dtype_policy
        )
        self.gain = self.add_weight("gain", (), initializer="zeros")
        super().build(shape)

    def call(self, x: TensorLike) -> tf.Tensor:
        positions = tf.reshape(self.norm(x), [tf.shape(x)[0], -1, x.shape[-1]])
        return x + self.gain * tf.reshape(self.attention(positions, positions), tf.shape(x))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"heads": self.heads}


def layer_norm(dtype: tfk.mixed_precision.Policy | None = None) -> tfkl.LayerNormalization:
    """Layer normalization over channels (Ba et al. 2016), of each example by itself."""
    # From an epsilon of 1.001e-5 on, Keras takes a batch norm kernel that TFLite and XLA lack.
    return tfkl.LayerNormalization(epsilon=1e-5, dtype=dtype)
