"""Residual blocks of convolutions, and the bodies between layers of maps."""

from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.networks.recomputable import Recomputable
from keras_vae.networks.root_mean_square import RootMeanSquareLimit


@tfk.saving.register_keras_serializable("keras_vae")
class ResidualBlock(Recomputable):
    """x + conv(act(conv(act(x)))), pre-activation, without batch statistics.

    Its last convolution starts small, at zero by default. So a new block is near the identity, and
    depth trains without batch statistics: training and evaluation compute the same function.

    Args:
      filters: channels of input and output, [B, H, W, filters].
      activation: a Keras activation's name.
      hidden: channels between the two convolutions; `filters` if None.
      gain: standard deviation of what a new block adds, of an input of 1. One over the square root
        of the number of blocks keeps the sum of them all at 1.
      kernel_size: of both convolutions.
      limited: whether a `RootMeanSquareLimit` comes first, before the activation.

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
        limited: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.activation, self.hidden = filters, activation, hidden
        self.gain, self.kernel_size, self.limited = gain, kernel_size, limited
        end = tfk.initializers.VarianceScaling(gain**2) if gain else "zeros"
        self.body = tfk.Sequential(
            [
                *([RootMeanSquareLimit()] if limited else []),
                tfkl.Activation(activation),
                tfkl.Conv2D(hidden or filters, kernel_size, padding="same", activation=activation),
                tfkl.Conv2D(filters, kernel_size, padding="same", kernel_initializer=end),
            ]
        )

    def compute(self, x: TensorLike) -> tf.Tensor:
        return x + self.body(x)

    def get_config(self) -> dict[str, Any]:
        names = ("filters", "activation", "hidden", "gain", "kernel_size", "limited")
        return super().get_config() | {name: getattr(self, name) for name in names}
