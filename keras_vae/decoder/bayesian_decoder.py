"""BayesianDecoder: z -> p(x|z), with weights that have a distribution."""

import numpy as np

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.decoder.independent import Decoder
from keras_vae.distributions import Mixture, plain
from keras_vae.likelihoods import Likelihood
from keras_vae.networks.bayesian import BayesianDense, bayesian_layers, drawn_weights
from keras_vae.ops.shapes import over_samples, with_context

# A prediction is the mean over so many draws of the Bayesian weights.
_WEIGHT_DRAWS = 16
# A mean over the last layer's weights is a quadrature. By the number of a value's parameters, its
# points in each parameter.
_POINTS = {1: 9, 2: 5}
# For more parameters, a mean over so many draws takes the place of the quadrature.
_DRAWS = 50


@tfk.saving.register_keras_serializable("keras_vae", "BayesianDecoder")
class BayesianDecoder(Decoder):
    """A `Decoder` that has `networks.bayesian.BayesianDense` layers.

    Args:
      network, likelihood, projection, weight_decay: as in `Decoder`. The network or the projection
        has Bayesian layers. z is flat.
    """

    takes_maps = False

    def __init__(
        self,
        network: tfkl.Layer,
        likelihood: Likelihood,
        projection: tfkl.Layer | None = None,
        weight_decay: float | None = None,
        **kwargs,
    ):
        super().__init__(network, likelihood, projection, weight_decay, **kwargs)
        self._bayesian = bayesian_layers(self)
        if not self._bayesian:
            raise ValueError(
                "network has no Bayesian layers, nor has projection: a BayesianDecoder needs some. "
                "Use networks.bayesian.BayesianDense layers, or a Decoder."
            )
        self.noise_size = sum(layer.units for layer in self._bayesian)
        # The draws are part of the model: they are always the same, so predictions are too.
        self._draws = np.random.default_rng(0).normal(size=(_WEIGHT_DRAWS, self.noise_size))

    def call(
        self,
        z: TensorLike,
        context: TensorLike | None = None,
        noise: TensorLike | None = None,
        draw_all: bool = False,
    ) -> tfd.Distribution:
        """p(x|z, context), batch [...], event [H, W, C], from z [..., D].

        Args:
          z: [..., D].
          context: [B, ...] or None, B the last batch axis of z.
          noise: [..., noise_size], which draws the weights for each z. Without it p(x|z) is a
            mixture over fixed draws of the weights.
          draw_all: whether noise draws all weights. Otherwise it draws those of hidden layers, and
            p(x|z) is averaged over the weights of a Bayesian last layer. The values of x are
            independent, so each has its own average: a far better estimate of
            E p(x|z, weights) than draws give.
        """
        z = with_context(z, context)
        if noise is None:
            return self._predicted(z)
        averaged = not draw_all and isinstance(self.projection.linear, BayesianDense)
        with self._drawn(noise):
            return self._averaged(z) if averaged else self.likelihood(self._parameters(z))

    def _drawn(self, noise):
        return drawn_weights(self._bayesian, tf.reshape(noise, [-1, self.noise_size]))

    def _predicted(self, z):
        """The mixture of fixed draws of all weights."""
        z = tf.repeat(z[..., tf.newaxis, :], _WEIGHT_DRAWS, axis=-2)
        noise = tf.broadcast_to(
            tf.constant(self._draws, tf.float32),
            tf.concat([tf.shape(z)[:-1], [self.noise_size]], 0),
        )
        with self._drawn(noise):
            components = self.likelihood(self._parameters(z))
        uniform = tfd.Categorical(logits=tf.zeros(_WEIGHT_DRAWS))
        return Mixture(uniform, plain(components))

    def _averaged(self, z):
        """p(x|z) averaged over the last layer's weights."""
        moments = over_samples(self._moments, z)
        mean, deviation = tf.unstack(moments[..., tf.newaxis, :, :], axis=-1)
        points, log_weights = _quadrature(self.likelihood.params_per_value)
        return self.likelihood.averaged(mean + deviation * points, log_weights)

    def _moments(self, z):
        """Mean and deviation of the parameters over the last layer's weights, [N, *target, 2]."""
        parts = self.projection.linear.moments(self.network(z))
        return tf.stack(
            [tf.reshape(part, [-1, *self.projection.target]) for part in parts], axis=-1
        )


# Keras names weights in files by the class name: they must be where those of a Decoder are.
BayesianDecoder.__name__ = Decoder.__name__


def _quadrature(num_parameters):
    """(points [R, k], log-weights [R]) of a mean over k independent standard normals."""
    if num_parameters not in _POINTS:
        draws = np.random.default_rng(0).normal(size=(_DRAWS, num_parameters))
        return draws.astype(np.float32), np.zeros(_DRAWS, np.float32)
    # Gauss-Hermite quadrature in each parameter.
    points, weights = np.polynomial.hermite_e.hermegauss(_POINTS[num_parameters])
    grid = np.stack(np.meshgrid(*[points] * num_parameters), axis=-1)
    log_weights = np.meshgrid(*[np.log(weights / weights.sum())] * num_parameters)
    products = np.sum(log_weights, axis=0)
    return grid.reshape(-1, num_parameters).astype(np.float32), products.ravel().astype(np.float32)
