"""Latents of all steps: flat [..., T D], or with the steps first [T, ..., D]."""

from collections.abc import Callable

from keras_vae._compat import tf, tfd, tfp
from keras_vae.distributions import Custom


def steps_first(z, num_steps: int):
    """[..., T D] -> [T, ..., D]."""
    shape = tf.concat([tf.shape(z)[:-1], [num_steps, z.shape[-1] // num_steps]], 0)
    z = tf.reshape(z, shape)
    *samples, step, latent = range(z.shape.rank)
    return tf.transpose(z, [step, *samples, latent])


def flat(z):
    """[T, ..., D] -> [..., T D]."""
    step, *samples, latent = range(z.shape.rank)
    size = z.shape[step] * z.shape[latent]
    z = tf.transpose(z, [*samples, step, latent])
    return tf.reshape(z, tf.concat([tf.shape(z)[:-2], [size]], 0))


def at_all_steps(normal, before, size: int):
    """p(z_t|z_{t-1}) of all steps as one normal: batch [..., B], event [T D].

    Args:
      normal: z_{t-1} [..., B T, D] -> p(z_t|z_{t-1}), batch [..., B T], event [D].
      before: z_{t-1} of all steps, [..., B, T D].
      size: D.
    """
    shape = tf.shape(before)
    p = normal(tf.reshape(before, tf.concat([shape[:-2], [-1, size]], 0)))
    return tfd.Independent(
        tfd.Normal(tf.reshape(p.mean(), shape), tf.reshape(p.stddev(), shape)), 1
    )


class Chain(Custom):
    """The distribution of all steps together, event [T D]. It has no mean in closed form.

    Args:
      log_prob: z [..., T D] -> [...].
      from_noise: standard normal noise [..., *batch_shape, N] -> z [..., *batch_shape, T D].
      noise_size: N.
      event_size: T D.
      batch_shape: int32 tensor.
    """

    def __init__(
        self, log_prob: Callable, from_noise: Callable, noise_size, event_size, batch_shape
    ):
        parameters = dict(locals())
        self._log_prob_of, self._from_noise = log_prob, from_noise
        self._noise_size, self._event_size = noise_size, event_size
        self._own_batch_shape = batch_shape
        super().__init__(parameters)

    def _batch_shape(self):
        return tf.TensorShape(tf.get_static_value(self._own_batch_shape))

    def _batch_shape_tensor(self):
        return self._own_batch_shape

    def _event_shape(self):
        return tf.TensorShape([self._event_size])

    def _log_prob(self, z):
        return self._log_prob_of(z)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self._own_batch_shape, [self._noise_size]], 0)
        return self._from_noise(tf.random.stateless_normal(shape, tfp.random.sanitize_seed(seed)))
