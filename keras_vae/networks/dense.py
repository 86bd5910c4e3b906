"""Dense bodies."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.networks.gate import Gate


def linear() -> tfk.Sequential:
    """No hidden layer: with a linear head, a linear map (PCA, probabilistic PCA)."""
    return tfk.Sequential([tfkl.Flatten()], name="linear")


def mlp(
    hidden: Sequence[int] = (400,), activation: str = "relu", dense: Callable = tfkl.Dense
) -> tfk.Sequential:
    """Dense layers of `hidden` units each. Serves as encoder and as decoder body.

    Args:
      hidden: units of each layer.
      activation: a Keras activation's name.
      dense: makes a layer from units and activation, such as `BayesianDense`.
    """
    layers = [dense(units, activation) for units in hidden]
    return tfk.Sequential([tfkl.Flatten(), *layers], name="mlp")


def gated_mlp(hidden: Sequence[int] = (300, 300), dense: Callable = tfkl.Dense) -> tfk.Sequential:
    """Gated dense layers, (x W + b) * sigmoid(x V + c). Serves as encoder and as decoder body.

    Args:
      hidden: units of each layer.
      dense: makes a layer from units and kernel_initializer, such as `BayesianDense`.

    References:
      Tomczak & Welling 2018, VAE with a VampPrior, section 5: two layers of 300.
    """
    layers = [tfkl.Flatten()]
    for units in hidden:
        # He's larger weights make up for the gates, which begin half closed.
        layers += [dense(2 * units, kernel_initializer="he_normal"), Gate()]
    return tfk.Sequential(layers, name="gated_mlp")


@tfk.saving.register_keras_serializable("keras_vae")
class DropFirst(tfkl.Layer):
    """[..., N] without its first `size` values."""

    def __init__(self, size: int, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: TensorLike) -> tf.Tensor:
        return x[..., self.size :]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}
