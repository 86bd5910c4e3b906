"""AutoregressiveDecoder: z -> p(x|z), a step at a time."""

import math
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.autoregressive.distribution import Stepwise
from keras_vae.autoregressive.values_in_turn import ValuesInTurn
from keras_vae.decoder import AbstractDecoder
from keras_vae.likelihoods import Categorical
from keras_vae.networks import Recurrence
from keras_vae.ops.categorical import from_normal
from keras_vae.ops.eager_graphs import graph_when_eager
from keras_vae.ops.shapes import with_context


@tfk.saving.register_keras_serializable("keras_vae")
class AutoregressiveDecoder(AbstractDecoder):
    """p(x_1|z) p(x_2|x_1, z) .. p(x_T|x_1 .. x_{T-1}, z); each x_t is made a value at a time.

    At each step a GRU reads the step before and the features that the network makes of z for this
    step. The GRU's state goes on from bar to bar, unlike MusicVAE's (Roberts et al. 2018). So the
    decoder is never weaker than a GRU alone. Where a condition gives values (`ImagePart`), each
    step reads its own given values before it makes the first.

    Args:
      network: Keras layer or model, z [N, D] -> features of the steps, [N, T, F] or
        [N, T, W, F]; features [N, F] are given to every step.
      likelihood: a `likelihoods.Categorical` of x [T, W, C].
      units: units of the GRU, and of the hidden layers between its state and the logits.
      weight_decay: see `decay_weights`.
    """

    likelihood_class = Categorical
    in_turn = True

    def __init__(
        self,
        network: tfkl.Layer,
        likelihood: Categorical,
        units: int,
        weight_decay: float | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.take_parts(network, likelihood)
        self.units, self.levels = units, likelihood.levels
        self.num_steps, self.step_size = self.event_shape[0], math.prod(self.event_shape[1:])
        self.cell = tfkl.GRUCell(units)
        self.read = Recurrence(self.cell, return_sequences=True)
        self.projection = ValuesInTurn(self.step_size, self.levels, units)
        self.decay_weights(weight_decay)

    def call(self, z: TensorLike, context: TensorLike | None = None) -> Stepwise:
        """p(x|z, context), batch [...], event [T, W, C], from z [..., D]."""
        return Stepwise(self, with_context(z, context))

    def levels_of(self, x: TensorLike) -> tf.Tensor:
        """Levels [N, T, P] of values x [N, T, W, C]."""
        levels = tf.round(tf.reshape(x, [-1, self.num_steps, self.step_size]) * (self.levels - 1))
        return tf.cast(levels, tf.int32)

    def given(
        self, z: TensorLike, x: TensorLike, known: TensorLike | None = None
    ) -> tfd.Distribution:
        """The likelihood of each value given those before it in x [N, T, W, C], from z [N, D].

        Every step also reads its known values: `known` has their levels [N, T, P], -1 elsewhere.
        """
        values = tf.one_hot(self.levels_of(x), self.levels)
        before = tf.pad(self._side_by_side(values)[:, :-1], [[0, 0], [1, 0], [0, 0]])
        states = self.read(tf.concat([before, self._features(z, known)], axis=-1))
        logits = self.projection(*(tf.reshape(t, [-1, *t.shape[2:]]) for t in (states, values)))
        return self.likelihood(tf.reshape(logits, [-1, *self.event_shape, self.levels]))

    @graph_when_eager
    def walk(
        self,
        z: TensorLike,
        noise: TensorLike,
        temperature: TensorLike,
        known: TensorLike | None = None,
    ) -> tf.Tensor:
        """x [N, T, W, C], value by value, from z [N, D] and noise [N, T, P, 2].

        The temperature, a scalar tensor above 0, divides the logits. Values that are `known`, as in
        `given`, stay as they are.
        """

        def step(before, inputs):
            state, levels = before
            features, noise, known = inputs
            seen = tf.reshape(tf.one_hot(levels, self.levels), [-1, self.step_size * self.levels])
            state, _ = self.cell(tf.concat([seen, features], axis=-1), [state])

            def value(i, logits):
                drawn = from_normal(logits / temperature, noise[:, i])
                return tf.one_hot(tf.where(known[:, i] < 0, drawn, known[:, i]), self.levels)

            _, values = self.projection.walk(state, value)
            return state, tf.argmax(values, axis=-1, output_type=tf.int32)

        features = self._features(z, known)
        rows = tf.shape(features)[0]
        nothing = tf.fill([rows, self.step_size], -1)  # The one-hot vector of -1 is zeros.
        if known is None:
            known = tf.repeat(nothing[:, tf.newaxis], self.num_steps, axis=1)
        _, levels = tf.scan(
            step,
            (
                tf.transpose(features, [1, 0, 2]),
                tf.transpose(noise, [1, 0, 2, 3]),
                tf.transpose(known, [1, 0, 2]),
            ),
            (tf.zeros([rows, self.units], self.cell.compute_dtype), nothing),
        )
        x = tf.cast(tf.transpose(levels, [1, 0, 2]), tf.float32) / (self.levels - 1)
        return tf.reshape(x, [-1, *self.event_shape])

    def _features(self, z, known):
        """The input of each step besides the step before it, [N, T, F]."""
        features = tf.cast(self.network(z), tf.float32)
        if features.shape.rank == 2:
            features = tf.repeat(features[:, tf.newaxis], self.num_steps, axis=1)
        features = tf.reshape(features, [-1, self.num_steps, math.prod(features.shape[2:])])
        if known is None:
            return features
        return tf.concat([features, self._side_by_side(tf.one_hot(known, self.levels))], axis=-1)

    def _side_by_side(self, one_hot):
        """[N, T, P, L] -> [N, T, P * L]."""
        return tf.reshape(one_hot, [-1, self.num_steps, self.step_size * self.levels])

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "network": serialize(self.network),
            "likelihood": serialize(self.likelihood),
            "weight_decay": self.weight_decay,
            "units": self.units,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AutoregressiveDecoder":
        deserialize = tfk.saving.deserialize_keras_object
        parts = {name: deserialize(config.pop(name)) for name in ("network", "likelihood")}
        return cls(**parts, **config)
