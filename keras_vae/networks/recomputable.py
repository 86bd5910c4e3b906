"""Layers that recompute their activations for gradients, instead of keeping them."""

import abc

from keras_vae._compat import TensorLike, tf, tfk, tfkl


class Recomputable(tfkl.Layer, abc.ABC):
    """A layer of which training can keep only the input (Chen et al. 2016, gradient checkpointing).

    A step then takes one more forward pass, and memory holds the activations of one layer at a
    time. The numbers are the same.

    Attributes:
      recompute: whether gradients recompute the activations; `compile` sets it.
    """

    recompute = False

    @abc.abstractmethod
    def compute(self, x: TensorLike) -> tf.Tensor:
        """The layer's output."""

    def call(self, x: TensorLike) -> tf.Tensor:
        return (tf.recompute_grad(self.compute) if self.recompute else self.compute)(x)


def set_recompute(model: tfk.Model, recompute: bool) -> None:
    """Sets whether a model's `Recomputable` layers recompute their activations for gradients.

    Raises:
      ValueError: the model has no such layer.
    """
    layers = [layer for layer in model.submodules if isinstance(layer, Recomputable)]
    if recompute and not layers:
        raise ValueError(
            "gradient_checkpointing is of networks with residual blocks of convolutions, and this "
            "model has none. Use network=resnet, or leave it out."
        )
    for layer in layers:
        layer.recompute = recompute
