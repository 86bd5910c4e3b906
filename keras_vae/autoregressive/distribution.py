"""Stepwise: the distribution of x that an `AutoregressiveDecoder` gives."""

from typing import TYPE_CHECKING

from keras_vae._compat import TensorLike, tf, tfd, tfp
from keras_vae.distributions import Custom, Observation
from keras_vae.ops.categorical import CHOICE_NOISE

if TYPE_CHECKING:
    from keras_vae.autoregressive.decoder import AutoregressiveDecoder


# This temperature stands for 0: the softmax of logits divided by it is one-hot.
_COLDEST = 1e-6


class Stepwise(Custom, Observation):
    """p(x|z), batch [...], event [T, W, C], each value given those before it.

    `mean` is the greedy sequence: each value is the likeliest given those before it. A true mean
    of levels would say nothing.

    Args:
      decoder: gives the distribution of all values where x is known, and walks from value to value.
      z: [..., B, D].
      given: [B, T, W, C], or None. Only its known values count.
      mask: bool [T, W, C], whether a value is known.

    Attributes:
      noise_shape: shape of the standard normal noise that one x needs.
    """

    def __init__(
        self,
        decoder: "AutoregressiveDecoder",
        z: TensorLike,
        given: TensorLike | None = None,
        mask: TensorLike | None = None,
    ):
        parameters = dict(locals())
        self._decoder, self._z = decoder, z
        self._given, self._mask = given, mask
        self._noise_per_step = (decoder.num_steps, decoder.step_size, CHOICE_NOISE)
        self.noise_shape = (decoder.num_steps * decoder.step_size * CHOICE_NOISE,)
        super().__init__(parameters, reparameterized=False)

    def completed(self, given: TensorLike, mask: TensorLike) -> tfd.Distribution:
        # The given values change how the others are drawn.
        return Stepwise(self._decoder, self._z, given, mask)

    def from_noise(self, noise: TensorLike, temperature: TensorLike | float = 1.0) -> tf.Tensor:
        """x [..., T, W, C] from noise [..., *noise_shape]; logits are divided by `temperature`."""
        shape = tf.concat([tf.shape(noise)[:-1], self.event_shape], 0)
        z = tf.broadcast_to(self._z, tf.concat([tf.shape(noise)[:-1], self._z.shape[-1:]], 0))
        x = self._decoder.walk(
            tf.reshape(z, [-1, self._z.shape[-1]]),
            tf.reshape(noise, [-1, *self._noise_per_step]),
            tf.maximum(temperature, _COLDEST),
            self._known(shape),
        )
        return tf.reshape(x, shape)

    def _batch_shape(self):
        return self._z.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self._z)[:-1]

    def _event_shape(self):
        return tf.TensorShape(self._decoder.event_shape)

    def _event_shape_tensor(self):
        return tf.constant(self._decoder.event_shape)

    def _log_prob(self, x):
        event = self._decoder.event_shape
        batch = tf.broadcast_dynamic_shape(tf.shape(self._z)[:-1], tf.shape(x)[: -len(event)])
        z = tf.broadcast_to(self._z, tf.concat([batch, self._z.shape[-1:]], 0))
        x = tf.broadcast_to(x, tf.concat([batch, event], 0))
        known, rows = self._known(tf.shape(x)), tf.reshape(x, [-1, *event])
        p = self._decoder.given(tf.reshape(z, [-1, z.shape[-1]]), rows, known)
        if self._mask is not None:
            p = p.completed(rows, self._mask)
        return tf.reshape(p.log_prob(rows), batch)

    def _known(self, shape):
        """Levels [N, T, P] of the known values, -1 elsewhere, for x of `shape`; None if no mask."""
        if self._mask is None:
            return None
        given = tf.where(self._mask, self._given, -1.0 / (self._decoder.levels - 1))
        return self._decoder.levels_of(tf.broadcast_to(given, shape))

    def _mean(self):
        # At temperature 0 any noise gives the same value, except the ends of a uniform's range.
        noise = tf.ones(tf.concat([self.batch_shape_tensor(), self.noise_shape], 0))
        return self.from_noise(noise, temperature=0.0)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self.batch_shape_tensor(), self.noise_shape], 0)
        return self.from_noise(tf.random.stateless_normal(shape, tfp.random.sanitize_seed(seed)))
