"""Network bodies: tensor in, features out. No probability in here.

An encoder body takes x [B, H, W, C], a decoder body z [B, D]; both give features of any shape. The
layer that turns features into the parameters of a distribution belongs to Encoder and Decoder, so
any Keras layer or model serves as a body.
"""

from collections.abc import Sequence

from keras_vae._compat import tfk, tfkl


def linear() -> tfk.Sequential:
    """No hidden layer: with a linear head, a linear map (PCA, probabilistic PCA)."""
    return tfk.Sequential([tfkl.Flatten()], name="linear")


def mlp(hidden: Sequence[int] = (400,), activation: str = "relu") -> tfk.Sequential:
    """Dense layers of `hidden` units each. Serves as encoder and as decoder body."""
    layers = [tfkl.Dense(units, activation) for units in hidden]
    return tfk.Sequential([tfkl.Flatten(), *layers], name="mlp")


def conv_encoder(filters: Sequence[int] = (32, 64), activation: str = "relu") -> tfk.Sequential:
    """3x3 convolutions, each halving height and width (odd sizes round up)."""
    layers = [tfkl.Conv2D(f, 3, 2, "same", activation=activation) for f in filters]
    return tfk.Sequential(layers, name="conv_encoder")


def conv_decoder(
    image_shape: Sequence[int], filters: Sequence[int] = (32, 64), activation: str = "relu"
) -> tfk.Sequential:
    """The mirror of `conv_encoder`: z [B, D] -> features [B, H, W, filters[0]]."""
    return tfk.Sequential(_upsampling(image_shape, filters, activation, 0), name="conv_decoder")


def resnet_encoder(
    filters: Sequence[int] = (32, 64), blocks: int = 2, activation: str = "relu"
) -> tfk.Sequential:
    """Per entry of `filters`: a halving convolution, then `blocks` pre-activation blocks."""
    layers = []
    for f in filters:
        layers.append(tfkl.Conv2D(f, 3, 2, "same"))
        layers += [ResidualBlock(f, activation) for _ in range(blocks)]
    return tfk.Sequential([*layers, tfkl.Activation(activation)], name="resnet_encoder")


def resnet_decoder(
    image_shape: Sequence[int],
    filters: Sequence[int] = (32, 64),
    blocks: int = 2,
    activation: str = "relu",
) -> tfk.Sequential:
    """The mirror of `resnet_encoder`; the residual blocks run before each doubling."""
    return tfk.Sequential(
        _upsampling(image_shape, filters, activation, blocks), name="resnet_decoder"
    )


def _upsampling(image_shape, filters, activation, blocks) -> list[tfkl.Layer]:
    """Layers from z [B, D] to [B, H, W, filters[0]], doubling the size once per filter."""
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
        layers += [ResidualBlock(channels, activation) for _ in range(blocks)]
        layers.append(tfkl.Conv2DTranspose(f, 3, 2, "same", activation=activation))
        channels, target = f, sizes.pop()
        # Twice a halved odd size is one row or column too many.
        surplus = ((0, 2 * height - target[0]), (0, 2 * width - target[1]))
        if surplus != ((0, 0), (0, 0)):
            layers.append(tfkl.Cropping2D(surplus))
        height, width = target
    return layers


@tfk.saving.register_keras_serializable("keras_vae")
class ResidualBlock(tfkl.Layer):
    """x + conv(act(conv(act(x)))), pre-activation, without normalisation.

    The last convolution starts at zero, so that a new block is the identity and depth trains
    without batch statistics: training and evaluation compute the same function.

    Args:
      filters: channels of input and output, [B, H, W, filters].
      activation: a Keras activation's name.

    References:
      He et al. 2016, Identity Mappings in Deep Residual Networks; De & Smith 2020 (SkipInit).
    """

    def __init__(self, filters: int, activation: str = "relu", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.activation = filters, activation
        self.body = tfk.Sequential(
            [
                tfkl.Activation(activation),
                tfkl.Conv2D(filters, 3, padding="same", activation=activation),
                tfkl.Conv2D(filters, 3, padding="same", kernel_initializer="zeros"),
            ]
        )

    def call(self, x):
        return x + self.body(x)

    def get_config(self):
        return super().get_config() | {"filters": self.filters, "activation": self.activation}
