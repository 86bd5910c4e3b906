"""Decoder: z -> p(x|z)."""

import math

import numpy as np

from keras_vae._compat import check_layer, tf, tfd, tfk, tfkl
from keras_vae.networks.bayesian import BayesianDense, bayesian_layers, drawn_weights
from keras_vae.ops.shapes import over_samples, with_context

# How many draws of Bayesian weights a prediction is the mean of.
_WEIGHT_DRAWS = 16
# Points of the mean over the last layer's weights: of a quadrature in each of a value's parameters,
# or, where those are too many for that, draws.
_POINTS = {1: 9, 2: 5}
_DRAWS = 50


@tfk.saving.register_keras_serializable("keras_vae")
class Decoder(tfk.Model):
    """A network body, a linear projection to the likelihood's parameters, and a likelihood.

    Args:
      network: Keras layer or model, z [N, D] -> features: flat [N, F], one row for each step of x
        [N, T, F] (or row of an image [N, H, F]), or one for each pixel [N, H, W, F].
      likelihood: a `likelihoods.Likelihood`, or any layer with its interface; says the shape of x.
      projection: Keras layer, features -> all parameters [N, ...]; by default a linear layer made
        for them.
      weight_decay: adds weight_decay / 2 times the sum of all squared weights to the losses, those
        of the likelihood itself (its scale) apart. With 1 / (scale^2 num_examples) this is
        -log p(weights) per example of a normal prior: MAP.
      latent_rank: 1 for flat z [..., D], 3 for maps [..., h, w, d].

    Attributes:
      in_turn: whether each value of x is drawn given those before it, by a distribution with
        `from_noise`.
      noise_size: normal numbers that one draw of the weights needs; 0 unless some are Bayesian.
    """

    in_turn = False

    def __init__(
        self,
        network,
        likelihood,
        projection=None,
        weight_decay: float | None = None,
        latent_rank: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_layer("network", network)
        self.network, self.likelihood = network, likelihood
        self.event_shape = tuple(likelihood.event_shape)
        self.latent_rank = latent_rank
        self._given_projection, self.weight_decay = projection, weight_decay
        self.projection = _Projection(self.event_shape, likelihood.params_per_value, projection)
        self._bayesian = bayesian_layers(self)
        self.noise_size = sum(layer.units for layer in self._bayesian)
        # Always the same draws, so that predictions are: they are part of the model.
        self._draws = np.random.default_rng(0).normal(size=(_WEIGHT_DRAWS, self.noise_size))
        if weight_decay is not None:
            self.add_loss(self._penalty)

    def call(self, z, context=None, noise=None, training=False) -> tfd.Distribution:
        """p(x|z, context), batch [...], event [H, W, C], from z [..., D].

        Args:
          z: [..., D].
          context: [B, ...] or None, B the last batch axis of z.
          noise: [..., noise_size], which draws the weights for each z. Without it, Bayesian weights
            are averaged over: the mixture of fixed draws of them.
          training: whether noise draws all weights. Otherwise it draws those of hidden layers, and
            a Bayesian last layer's are averaged over: for each value of x by itself, as they are
            independent, which says far more of E p(x|z, weights) than any draws of them.
        """
        z = with_context(z, context, self.latent_rank)
        if self.noise_size == 0:
            return self.likelihood(self._parameters(z))
        if noise is not None:
            averaged = not training and isinstance(self.projection.linear, BayesianDense)
            with drawn_weights(self._bayesian, tf.reshape(noise, [-1, self.noise_size])):
                return self._averaged(z) if averaged else self.likelihood(self._parameters(z))
        z = tf.repeat(z[..., tf.newaxis, :], _WEIGHT_DRAWS, axis=-2)
        noise = tf.broadcast_to(
            tf.constant(self._draws, tf.float32),
            tf.concat([tf.shape(z)[:-1], [self.noise_size]], 0),
        )
        with drawn_weights(self._bayesian, tf.reshape(noise, [-1, self.noise_size])):
            components = self.likelihood(self._parameters(z))
        uniform = tfd.Categorical(logits=tf.zeros(_WEIGHT_DRAWS))
        return tfd.MixtureSameFamily(uniform, components.tensor_distribution)

    def _parameters(self, z):
        """The likelihood's parameters [..., *event_shape, k] from z [..., D]."""
        return over_samples(lambda z: self.projection(self.network(z)), z, self.latent_rank)

    def _averaged(self, z):
        """p(x|z) averaged over the last layer's weights."""
        moments = over_samples(lambda z: self.projection.moments(self.network(z)), z)
        mean, deviation = tf.unstack(moments[..., tf.newaxis, :, :], axis=-1)
        points, log_weights = _quadrature(self.likelihood.params_per_value)
        return self.likelihood.averaged(mean + deviation * points, log_weights)

    def _penalty(self):
        apart = {id(w) for w in self.likelihood.trainable_variables}
        weights = [w for w in self.trainable_variables if id(w) not in apart]
        return self.weight_decay * tf.add_n([tf.nn.l2_loss(w) for w in weights])

    def get_build_config(self):
        """None: Keras would build it again by a call without the context."""

    def get_config(self):
        serialize = tfk.saving.serialize_keras_object
        return {
            "network": serialize(self.network),
            "likelihood": serialize(self.likelihood),
            "projection": self._given_projection and serialize(self._given_projection),
            "weight_decay": self.weight_decay,
            "latent_rank": self.latent_rank,
        }

    @classmethod
    def from_config(cls, config):
        parts = ("network", "likelihood", "projection")
        deserialize = tfk.saving.deserialize_keras_object
        return cls(
            *(config[name] and deserialize(config[name]) for name in parts),
            weight_decay=config["weight_decay"],
            latent_rank=config.get("latent_rank", 1),  # A file from before there were maps.
        )


class _Projection(tfkl.Layer):
    """Features -> parameters [N, *event_shape, params_per_value].

    Features [N, F] by one dense layer, those of steps or rows [N, T, F] by a dense layer that all
    share, those of pixels [N, H, W, F] by a 3x3 convolution.
    """

    def __init__(self, event_shape, params_per_value, linear=None, **kwargs):
        super().__init__(**kwargs)
        self.target = (*event_shape, params_per_value)
        self.linear = linear

    def build(self, features_shape):
        if self.linear is None:
            self.linear = self._linear(tuple(features_shape[1:]))
        super().build(features_shape)

    def _linear(self, features_shape):
        event_shape, sizes = self.target[:-1], features_shape[:-1]
        if sizes != event_shape[: len(sizes)] or len(sizes) > 2:
            wanted = [(*event_shape[:n], "any") for n in reversed(range(len(event_shape)))]
            raise ValueError(
                f"decoder network gave features of shape {features_shape}; wanted one of "
                f"{', '.join(map(str, wanted))} for x of shape {event_shape}. End the network with "
                "a layer that gives one of these."
            )
        units = math.prod(self.target[len(sizes) :])
        return tfkl.Conv2D(units, 3, padding="same") if len(sizes) == 2 else tfkl.Dense(units)

    def call(self, features):
        return tf.reshape(self.linear(features), [-1, *self.target])

    def moments(self, features):
        """Mean and standard deviation of the parameters over Bayesian weights, [N, *target, 2]."""
        parts = self.linear.moments(features)
        return tf.stack([tf.reshape(part, [-1, *self.target]) for part in parts], axis=-1)


def _quadrature(num_parameters):
    """(points [R, k], log-weights [R]) of a mean over k independent standard normals."""
    if num_parameters not in _POINTS:
        draws = np.random.default_rng(0).normal(size=(_DRAWS, num_parameters))
        return draws.astype(np.float32), np.zeros(_DRAWS, np.float32)
    # Gauss and Hermite's, in each parameter.
    points, weights = np.polynomial.hermite_e.hermegauss(_POINTS[num_parameters])
    grid = np.stack(np.meshgrid(*[points] * num_parameters), axis=-1)
    products = sum(np.meshgrid(*[np.log(weights / weights.sum())] * num_parameters))
    return grid.reshape(-1, num_parameters).astype(np.float32), products.ravel().astype(np.float32)
