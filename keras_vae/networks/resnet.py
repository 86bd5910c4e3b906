"""Residual bodies."""

from collections.abc import Sequence

from keras_vae._compat import tfk, tfkl
from keras_vae.networks.conv import activated, downsampling, upsampling
from keras_vae.networks.residual_conv import ResidualBlock


def resnet_encoder(
    filters: Sequence[int] = (32, 64),
    blocks: int = 2,
    activation: str = "relu",
    attention_heads: int | None = None,
) -> tfk.Sequential:
    """Per entry of `filters`: a halving convolution, then `blocks` pre-activation blocks.

    Args:
      filters: channels at each size.
      blocks: how many `ResidualBlock` at each size.
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
