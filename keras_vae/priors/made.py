"""MADE: a network whose output for each latent depends on the latents before it alone."""

import numpy as np

from keras_vae._compat import tf, tfkl
from keras_vae.shapes import over_samples


class MADE(tfkl.Layer):
    """z [..., D] -> parameters [..., D, params] by one hidden layer; at first, zeros.

    (tfb.AutoregressiveNetwork masks its weights after each optimizer step, so that weights set in
    another way break the order. Here they are masked where they are used.)

    Args:
      latent_dim: D.
      hidden: units of the hidden layer.
      params: parameters of each latent.
      backward: whether the last latent comes first.

    References:
      Germain, Gregor, Murray & Larochelle 2015, MADE: masked autoencoder for distribution
      estimation.
    """

    def __init__(
        self, latent_dim: int, hidden: int, params: int = 2, backward: bool = False, **kwargs
    ):
        super().__init__(**kwargs)
        self.params = params
        # A unit of degree m sees the first m latents, and parameters of the d-th see units below d.
        latents = np.arange(1, latent_dim + 1)[:: -1 if backward else 1]
        units = 1 + np.arange(hidden) % max(1, latent_dim - 1)
        outputs = np.repeat(latents, params)
        self.first = _MaskedDense(latents[:, np.newaxis] <= units, activation="relu")
        self.last = _MaskedDense(units[:, np.newaxis] < outputs, kernel_initializer="zeros")
        self.first.build([None, latent_dim])
        self.last.build([None, hidden])

    def call(self, z):
        outputs = over_samples(lambda rows: self.last(self.first(rows)), z)
        return tf.reshape(outputs, tf.concat([tf.shape(z), [self.params]], 0))


class _MaskedDense(tfkl.Dense):
    """A dense layer that has the weights [inputs, units] where the mask is true."""

    def __init__(self, mask, **kwargs):
        super().__init__(mask.shape[1], **kwargs)
        self.mask = mask.astype(np.float32)

    def call(self, x):
        return self.activation(tf.matmul(x, self.mask * self.kernel) + self.bias)
