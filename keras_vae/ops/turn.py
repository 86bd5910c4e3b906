"""The angle that a uniform number stands for."""

from keras_vae._compat import TensorLike, tf


def turn(u: TensorLike) -> tf.Tensor:
    """2 pi u, float32: by two numbers that float16 holds exactly, as exported files store them."""
    return 6.28125 * u + 0.0019350051879882812 * u
