"""MADE: a network whose output for each latent depends on the latents before it alone."""

import numpy as np

from keras_vae._compat import TensorLike, tf, tfkl
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import over_samples


class MADE(Float32, tfkl.Layer):
    """z [..., D] -> parameters [..., D, params] by one hidden layer; at first, zeros.

    (tfb.AutoregressiveNetwork masks its weights after each optimizer step, so that weights set in
    another way break the order. Here they are masked where they are used.)

    Args:
      latent_dim: D.
      hidden: units of the hidden layer.
      params: parameters of each latent.
      backward: whether the last latent comes first.
      context_size: C, of the context that each parameter may depend on.

    References:
      Germain, Gregor, Murray & Larochelle 2015, MADE: masked autoencoder for distribution
      estimation.
    """

    def __init__(
        self,
        latent_dim: int,
        hidden: int,
        params: int = 2,
        backward: bool = False,
        context_size: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.params = params
        # A unit of degree m sees the first m latents, and parameters of the d-th see units below d.
        # The context counts as a latent before the first.
        latents = np.arange(1, latent_dim + 1)[:: -1 if backward else 1]
        inputs = np.concatenate([latents, np.zeros(context_size, int)])
        lowest = 0 if context_size else 1
        degrees = max(1, latent_dim - lowest)
        # If there are fewer units than degrees, the first unit sees all that any output may depend
        # on, and the last unit what all outputs may depend on.
        units = lowest + (
            np.arange(hidden) % degrees
            if hidden >= degrees
            else np.linspace(degrees - 1, 0, hidden).round().astype(int)
        )
        outputs = np.repeat(latents, params)
        self.first = _MaskedDense(inputs, units, activation="elu")
        self.last = _MaskedDense(units, outputs - 1, kernel_initializer="zeros")
        self.first.build([None, latent_dim + context_size])
        self.last.build([None, hidden])

    def call(self, z: TensorLike, context: TensorLike | None = None) -> tf.Tensor:
        """Parameters [..., D, params] of z [..., D] and context, [..., C] or None."""
        inputs = z
        if context is not None:
            shape = tf.concat([tf.shape(z)[:-1], context.shape[-1:]], 0)
            inputs = tf.concat([z, tf.broadcast_to(context, shape)], axis=-1)
        outputs = over_samples(lambda rows: self.last(self.first(rows)), inputs)
        return tf.reshape(outputs, tf.concat([tf.shape(z), [self.params]], 0))


class _MaskedDense(Float32, tfkl.Dense):
    """A dense layer whose units see the inputs of degrees up to their own alone."""

    def __init__(self, degrees: np.ndarray, own_degrees: np.ndarray, **kwargs):
        super().__init__(len(own_degrees), **kwargs)
        self.degrees, self.own_degrees = degrees, own_degrees

    def call(self, x: TensorLike) -> tf.Tensor:
        # Made here, as a mask that is a constant would stand in each graph of a SavedModel.
        seen = tf.constant(self.degrees)[:, tf.newaxis] <= self.own_degrees
        kernel = tf.where(seen, self.kernel, 0.0)
        return self.activation(tf.matmul(x, kernel) + self.bias)
