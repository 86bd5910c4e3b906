"""Decoder: z -> p(x|z) of values that are independent given z."""

import math
from collections.abc import Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.decoder.abstract_decoder import AbstractDecoder
from keras_vae.likelihoods import Likelihood
from keras_vae.networks.bayesian import bayesian_layers
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import over_samples, with_context


@tfk.saving.register_keras_serializable("keras_vae")
class Decoder(AbstractDecoder):
    """A network body, a linear projection to the likelihood's parameters, and a likelihood.

    With Bayesian layers it becomes a `BayesianDecoder`.

    Args:
      network: Keras layer or model, z [N, *latent_shape] -> features: flat [N, F], one row for each
        step of x [N, T, F] (or row of an image [N, H, F]), or one for each pixel [N, H, W, F].
      likelihood: a `likelihoods.Likelihood`, which says the shape of x.
      projection: Keras layer, features -> all parameters [N, ...]; by default a linear layer made
        for them.
      weight_decay: see `decay_weights`.
      latent_rank: 1 for flat z [..., D], 3 for maps [..., h, w, d]; see `ops.shapes.with_context`
        for how a condition joins a map.
    """

    takes_maps = True

    def __new__(cls, *args, **kwargs):
        # Only the layers tell whether a decoder is Bayesian: older files have the class name
        # `Decoder` for both kinds.
        if cls is Decoder and bayesian_layers(*args, *kwargs.values()):
            from keras_vae.decoder.bayesian_decoder import BayesianDecoder

            cls = BayesianDecoder
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        network: tfkl.Layer,
        likelihood: Likelihood,
        projection: tfkl.Layer | None = None,
        weight_decay: float | None = None,
        latent_rank: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.latent_rank = latent_rank
        self.take_parts(network, likelihood)
        self._given_projection = projection
        self.projection = _Projection(self.event_shape, likelihood.params_shape, projection)
        self.decay_weights(weight_decay)

    def call(self, z: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        return self.likelihood(self._parameters(with_context(z, context, self.latent_rank)))

    def _parameters(self, z):
        """The likelihood's parameters [..., *event_shape, k] from z."""
        return over_samples(lambda z: self.projection(self.network(z)), z, self.latent_rank)

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "network": serialize(self.network),
            "likelihood": serialize(self.likelihood),
            "projection": self._given_projection and serialize(self._given_projection),
            "weight_decay": self.weight_decay,
            "latent_rank": self.latent_rank,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Decoder":
        deserialize = tfk.saving.deserialize_keras_object
        return cls(
            deserialize(config["network"]),
            deserialize(config["likelihood"]),
            config["projection"] and deserialize(config["projection"]),
            weight_decay=config["weight_decay"],
            latent_rank=config.get("latent_rank", 1),  # Older files don't name it.
        )


class _Projection(Float32, tfkl.Layer):
    """A linear layer: features -> parameters of the likelihood, [N, *target].

    It is a dense layer for features [N, F], one dense layer shared by all steps or rows for
    features [N, T, F], and a 3x3 convolution for features of pixels [N, H, W, F].
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        target: Sequence[int],
        linear: tfkl.Layer | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape, self.target = tuple(event_shape), tuple(target)
        self.linear: tfkl.Layer = linear  # `build` makes it if it is None.

    def build(self, features_shape: tf.TensorShape) -> None:
        if self.linear is None:
            self.linear = self._linear(tuple(features_shape[1:]))
        super().build(features_shape)

    def _linear(self, features_shape):
        event_shape, sizes = self.event_shape, features_shape[:-1]
        if sizes != self.target[:-1][: len(sizes)] or len(sizes) > 2:
            wanted = [(*event_shape[:n], "any") for n in reversed(range(len(event_shape)))]
            raise ValueError(
                f"decoder network gave features of shape {features_shape}; wanted one of "
                f"{', '.join(map(str, wanted))} for x of shape {event_shape}. End the network with "
                "a layer that gives one of these."
            )
        units = math.prod(self.target[len(sizes) :])
        if len(sizes) == 2:
            return tfkl.Conv2D(units, 3, padding="same", dtype=self.dtype)
        return tfkl.Dense(units, dtype=self.dtype)

    def call(self, features: tf.Tensor) -> tf.Tensor:
        return tf.reshape(self.linear(features), [-1, *self.target])
