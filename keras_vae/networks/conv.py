"""Convolutional bodies."""

from collections.abc import Sequence

from keras_vae._compat import tfk, tfkl


def conv_encoder(filters: Sequence[int] = (32, 64), activation: str = "relu") -> tfk.Sequential:
    """3x3 convolutions, each halving height and width (odd sizes round up)."""
    layers = [tfkl.Conv2D(f, 3, 2, "same", activation=activation) for f in filters]
    return tfk.Sequential(layers, name="conv_encoder")


def conv_decoder(
    image_shape: Sequence[int], filters: Sequence[int] = (32, 64), activation: str = "relu"
) -> tfk.Sequential:
    """The mirror of `conv_encoder`: z [B, D] -> features [B, H, W, filters[0]]."""
    return tfk.Sequential(upsampling(image_shape, filters, activation), name="conv_decoder")


def upsampling(image_shape, filters, activation, blocks=None) -> list[tfkl.Layer]:
    """Layers from z [B, D] to [B, H, W, filters[0]], doubling the size once per filter.

    Args:
      image_shape: (H, W, C).
      filters, activation: as of the encoder that this mirrors.
      blocks: None, or function of a number of channels to the layers before each doubling.
    """
    sizes = [tuple(image_shape[:2])]
    for _ in filters:
        sizes.append(tuple((n + 1) // 2 for n in sizes[-1]))
    height, width = sizes.pop()
    channels = filters[-1]
    layers = [
        tfkl.Dense(height * width * channels, activation),
        tfkl.Reshape((height, width, channels)),
    ]
    for f in reversed(filters):
        if blocks is not None:
            layers += blocks(channels)
        layers.append(tfkl.Conv2DTranspose(f, 3, 2, "same", activation=activation))
        channels, target = f, sizes.pop()
        # Twice a halved odd size is one row or column too many.
        surplus = ((0, 2 * height - target[0]), (0, 2 * width - target[1]))
        if surplus != ((0, 0), (0, 0)):
            layers.append(tfkl.Cropping2D(surplus))
        height, width = target
    return layers
