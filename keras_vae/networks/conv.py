"""Convolutional bodies."""

from collections.abc import Callable, Sequence

from keras_vae._compat import tfk, tfkl
from keras_vae.networks.attention import SelfAttention
from keras_vae.networks.gate import Gate
from keras_vae.ops.shapes import halved


def conv_encoder(
    filters: Sequence[int] = (32, 64), activation: str = "relu", attention_heads: int | None = None
) -> tfk.Sequential:
    """3x3 convolutions, each halving height and width (odd sizes round up).

    Args:
      filters: of each convolution.
      activation: a Keras activation's name.
      attention_heads: if given, `SelfAttention` of so many heads follows, at the smallest size.
    """
    layers = downsampling(filters, activated(activation), attention_heads)
    return tfk.Sequential(layers, name="conv_encoder")


def conv_decoder(
    image_shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    activation: str = "relu",
    attention_heads: int | None = None,
    of_maps: bool = False,
) -> tfk.Sequential:
    """The mirror of `conv_encoder`: z [B, D] -> features [B, H, W, filters[0]].

    With `of_maps`, z is [B, h, w, d], of the encoder's smallest size.
    """
    layers = upsampling(
        image_shape, filters, activated(activation), attention_heads, of_maps=of_maps
    )
    return tfk.Sequential(layers, name="conv_decoder")


def gated_conv_encoder(
    filters: Sequence[int] = (32, 64), attention_heads: int | None = None
) -> tfk.Sequential:
    """`conv_encoder` of gated convolutions, (x * W + b) * sigmoid(x * V + c)."""
    layers = downsampling(filters, gated, attention_heads)
    return tfk.Sequential(layers, name="gated_conv_encoder")


def gated_conv_decoder(
    image_shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    attention_heads: int | None = None,
    of_maps: bool = False,
) -> tfk.Sequential:
    """The mirror of `gated_conv_encoder`; with `of_maps`, z is [B, h, w, d]."""
    layers = upsampling(image_shape, filters, gated, attention_heads, of_maps=of_maps)
    return tfk.Sequential(layers, name="gated_conv_decoder")


def activated(activation: str | None) -> Callable:
    """Function of a layer's class, its channels and arguments: the layer with an activation."""
    return lambda layer, channels, *args: [layer(channels, *args, activation=activation)]


def gated(layer: type[tfkl.Layer], channels: int, *args) -> list[tfkl.Layer]:
    """The same: the layer with a gate, (x * W + b) * sigmoid(x * V + c)."""
    # He's larger weights make up for the gates, which begin half closed.
    return [layer(2 * channels, *args, kernel_initializer="he_normal"), Gate()]


def downsampling(
    filters: Sequence[int],
    nonlinear: Callable,
    attention_heads: int | None = None,
    blocks: Callable | None = None,
) -> list[tfkl.Layer]:
    """Layers from x [B, H, W, C] to features [B, h, w, filters[-1]], halving once per filter.

    Args:
      filters: channels after each halving.
      nonlinear: `gated` or `activated(...)`.
      attention_heads: None, or heads of the `SelfAttention` that ends it.
      blocks: None, or function of a number of channels to the layers after each halving.
    """
    layers = []
    for f in filters:
        layers += nonlinear(tfkl.Conv2D, f, 3, 2, "same")
        if blocks is not None:
            layers += blocks(f)
    return layers + _attention(attention_heads)


def upsampling(
    image_shape: Sequence[int],
    filters: Sequence[int],
    nonlinear: Callable,
    attention_heads: int | None = None,
    blocks: Callable | None = None,
    of_maps: bool = False,
) -> list[tfkl.Layer]:
    """Layers from z [B, D] to [B, H, W, filters[0]], doubling the size once per filter.

    Args:
      image_shape: (H, W, C).
      filters, nonlinear: as of the encoder that this mirrors.
      attention_heads: None, or heads of the `SelfAttention` at the smallest size.
      blocks: None, or function of a number of channels to the layers before each doubling.
      of_maps: whether z is [B, h, w, d], of the smallest size.
    """
    sizes = [halved(image_shape[:2], times) for times in range(len(filters) + 1)]
    height, width = sizes.pop()
    channels = filters[-1]
    if of_maps:
        layers = nonlinear(tfkl.Conv2D, channels, 3, 1, "same")
    else:
        layers = [
            *nonlinear(tfkl.Dense, height * width * channels),
            tfkl.Reshape((height, width, channels)),
        ]
    layers += _attention(attention_heads)
    for f in reversed(filters):
        if blocks is not None:
            layers += blocks(channels)
        layers += nonlinear(tfkl.Conv2DTranspose, f, 3, 2, "same")
        channels, target = f, sizes.pop()
        # Halving an odd size and doubling it again gives one row or column too many.
        surplus = ((0, 2 * height - target[0]), (0, 2 * width - target[1]))
        if surplus != ((0, 0), (0, 0)):
            layers.append(tfkl.Cropping2D(surplus))
        height, width = target
    return layers


def _attention(heads):
    return [] if heads is None else [SelfAttention(heads)]
