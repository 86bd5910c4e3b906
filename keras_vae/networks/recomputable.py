"""Layers whose inside is computed anew for gradients, instead of being kept."""

import abc

from keras_vae._compat import TensorLike, tf, tfk, tfkl


class Recomputable(tfkl.Layer, abc.ABC):
    """A layer that training may keep the input of alone (Chen et al. 2016, gradient checkpointing).

    A step then takes the time of one more forward pass, and memory holds the inside of one layer at
    a time. The numbers are the same.

    Attributes:
      recompute: whether it does; `compile` sets it.
    """

    recompute = False

    @abc.abstractmethod
    def compute(self, x: TensorLike) -> tf.Tensor:
        """What the layer is, for a call."""

    def call(self, x: TensorLike) -> tf.Tensor:
        return (tf.recompute_grad(self.compute) if self.recompute else self.compute)(x)


def set_recompute(model: tfk.Model, recompute: bool) -> None:
    """Lets all layers of a model that can, compute their inside anew for gradients, or not.

    Raises:
      ValueError: no layer can.
    """
    layers = [layer for layer in model.submodules if isinstance(layer, Recomputable)]
    if recompute and not layers:
        raise ValueError(
            "gradient_checkpointing is of networks with residual blocks of convolutions, and this "
            "model has none. Use network=resnet, or leave it out."
        )
    for layer in layers:
        layer.recompute = recompute
