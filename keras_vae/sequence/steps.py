"""Latents of all steps: flat [..., T D], or with the steps first [T, ..., D]."""

from collections.abc import Callable

from keras_vae._compat import TensorLike, tf, tfd


def steps_first(z: TensorLike, num_steps: int) -> tf.Tensor:
    """[..., T D] -> [T, ..., D]."""
    shape = tf.concat([tf.shape(z)[:-1], [num_steps, z.shape[-1] // num_steps]], 0)
    z = tf.reshape(z, shape)
    *samples, step, latent = range(z.shape.rank)
    return tf.transpose(z, [step, *samples, latent])


def flat(z: TensorLike) -> tf.Tensor:
    """[T, ..., D] -> [..., T D]."""
    step, *samples, latent = range(z.shape.rank)
    size = z.shape[step] * z.shape[latent]
    z = tf.transpose(z, [*samples, step, latent])
    return tf.reshape(z, tf.concat([tf.shape(z)[:-2], [size]], 0))


def at_all_steps(
    normal: Callable[[tf.Tensor], tfd.Distribution], before: TensorLike, size: int
) -> tfd.Distribution:
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
