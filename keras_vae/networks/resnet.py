"""Residual bodies."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.networks.conv import activated, downsampling, upsampling


def resnet_encoder(
    filters: Sequence[int] = (32, 64),
    blocks: int = 2,
    activation: str = "relu",
    attention_heads: int | None = None,
) -> tfk.Sequential:
    """Per entry of `filters`: a halving convolution, then `blocks` pre-activation blocks.

    Args:
      filters: channels at each size.
      blocks: `ResidualBlock`s at each size.
      activation: a Keras activation's name.
      attention_heads: if given, `SelfAttention` of so many heads follows, at the smallest size.
    """
    layers = downsampling(
        filters, activated(None), attention_heads, _residual_blocks(blocks, activation)
    )
    return tfk.Sequential([*layers, tfkl.Activation(activation)], name="resnet_encoder")


def resnet_decoder(
    image_shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    blocks: int = 2,
    activation: str = "relu",
    attention_heads: int | None = None,
    of_maps: bool = False,
) -> tfk.Sequential:
    """The mirror of `resnet_encoder`; the residual blocks run before each doubling.

    With `of_maps`, z is [B, h, w, d], of the encoder's smallest size.
    """
    layers = upsampling(
        image_shape,
        filters,
        activated(activation),
        attention_heads,
        _residual_blocks(blocks, activation),
        of_maps,
    )
    return tfk.Sequential(layers, name="resnet_decoder")


def _residual_blocks(number, activation):
    return lambda channels: [ResidualBlock(channels, activation) for _ in range(number)]


@tfk.saving.register_keras_serializable("keras_vae")
class ResidualBlock(tfkl.Layer):
    """x + conv(act(conv(act(x)))), pre-activation, without normalisation.

    Its end starts small, at zero by default, so that a new block is near the identity and depth
    trains without batch statistics: training and evaluation compute the same function.

    Args:
      filters: channels of input and output, [B, H, W, filters].
      activation: a Keras activation's name.
      hidden: channels between the two convolutions; `filters` if None.
      gain: standard deviation of what a new block adds, of an input of 1. One over the square root
        of the number of blocks keeps the sum of them all at 1.
      kernel_size: of both convolutions.

    References:
      He et al. 2016, Identity Mappings in Deep Residual Networks; De & Smith 2020 (SkipInit); Child
      2021, section 3.2, for the gain.
    """

    def __init__(
        self,
        filters: int,
        activation: str = "relu",
        hidden: int | None = None,
        gain: float = 0.0,
        kernel_size: int | Sequence[int] = 3,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.activation, self.hidden = filters, activation, hidden
        self.gain, self.kernel_size = gain, kernel_size
        end = tfk.initializers.VarianceScaling(gain**2) if gain else "zeros"
        self.body = tfk.Sequential(
            [
                tfkl.Activation(activation),
                tfkl.Conv2D(hidden or filters, kernel_size, padding="same", activation=activation),
                tfkl.Conv2D(filters, kernel_size, padding="same", kernel_initializer=end),
            ]
        )

    def call(self, x: TensorLike) -> tf.Tensor:
        return x + self.body(x)

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "activation", "hidden", "gain", "kernel_size")
        return super().get_config() | {name: getattr(self, name) for name in names}
