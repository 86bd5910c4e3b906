"""Transformer bodies, for sequences x [B, T, P]; the rows of images [B, H, W, C] are steps too."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.networks.attention import SelfAttention, layer_norm


def transformer_encoder(
    event_shape: Sequence[int],
    hidden: Sequence[int] = (400,),
    attention_heads: int = 4,
    activation: str = "relu",
) -> tfk.Sequential:
    """Steps and their positions through transformer blocks; the features are the mean over steps.

    Args:
      event_shape: of one example: (T, P) or (H, W, C).
      hidden: channels of each block.
      attention_heads, activation: of each block.
    """
    layers = [
        tfkl.Reshape((event_shape[0], -1)),
        *_blocks(hidden, attention_heads, activation),
        tfkl.GlobalAveragePooling1D(),
    ]
    return tfk.Sequential(layers, name="transformer_encoder")


def transformer_decoder(
    event_shape: Sequence[int],
    hidden: Sequence[int] = (400,),
    attention_heads: int = 4,
    activation: str = "relu",
) -> tfk.Sequential:
    """The mirror of `transformer_encoder`: z [B, D] at every position -> [B, T, hidden[0]]."""
    blocks = _blocks(hidden[::-1], attention_heads, activation)
    return tfk.Sequential([tfkl.RepeatVector(event_shape[0]), *blocks], name="transformer_decoder")


@tfk.saving.register_keras_serializable("keras_vae")
class TransformerBlock(tfkl.Layer):
    """Self-attention, then x + dense(act(dense(norm(x)))) of each position: [B, T, F] -> the same.

    The norm comes first, so that depth trains without a warm-up of the learning rate. The last
    dense layer starts at zero, so a new block is the identity.

    Args:
      heads: of the attention.
      activation: a Keras activation's name.

    References:
      Vaswani et al. 2017, Attention is all you need; Xiong et al. 2020, On layer normalization in
      the transformer architecture.
    """

    def __init__(self, heads: int = 4, activation: str = "relu", **kwargs):
        super().__init__(**kwargs)
        self.heads, self.activation = heads, activation
        self.attention = SelfAttention(heads)

    def build(self, shape: tf.TensorShape) -> None:
        self.body = tfk.Sequential(
            [
                layer_norm(self.dtype_policy),
                tfkl.Dense(4 * shape[-1], self.activation, dtype=self.dtype_policy),
                tfkl.Dense(shape[-1], kernel_initializer="zeros", dtype=self.dtype_policy),
            ]
        )
        super().build(shape)

    def call(self, x: TensorLike) -> tf.Tensor:
        x = self.attention(x)
        return x + self.body(x)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"heads": self.heads, "activation": self.activation}


@tfk.saving.register_keras_serializable("keras_vae")
class Positions(tfkl.Layer):
    """x + p, p [T, F] learned: tells attention, which sees a set, where each step stands."""

    def build(self, shape: tf.TensorShape) -> None:
        initializer = tfk.initializers.RandomNormal(stddev=0.02)
        self.table = self.add_weight("table", shape[1:], initializer=initializer)
        super().build(shape)

    def call(self, x: TensorLike) -> tf.Tensor:
        return x + self.table


def _blocks(hidden, heads, activation):
    """Layers [B, T, P] -> [B, T, hidden[-1]]; a dense layer wherever the width changes."""
    layers = [tfkl.Dense(hidden[0]), Positions()]
    width = hidden[0]
    for units in hidden:
        if units != width:
            layers.append(tfkl.Dense(units))
        layers.append(TransformerBlock(heads, activation))
        width = units
    return [*layers, layer_norm()]
