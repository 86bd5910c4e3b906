"""Interpolation between two points of latent space."""

from keras_vae._compat import TensorLike, tf
from keras_vae.ops.whole_numbers import check_whole


def linear(a: TensorLike, b: TensorLike, weights: TensorLike) -> tf.Tensor:
    return (1.0 - weights) * a + weights * b


def spherical(a: TensorLike, b: TensorLike, weights: TensorLike) -> tf.Tensor:
    """Great-circle interpolation; along a straight line where a and b are parallel."""
    unit_a, unit_b = tf.math.l2_normalize(a, -1), tf.math.l2_normalize(b, -1)
    cosine = tf.reduce_sum(unit_a * unit_b, axis=-1, keepdims=True)
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    sine = tf.sin(angle)
    arc = (tf.sin((1.0 - weights) * angle) * a + tf.sin(weights * angle) * b) / tf.where(
        sine > 1e-4, sine, 1.0
    )
    return tf.where(sine > 1e-4, arc, linear(a, b, weights))


METHODS = {"linear": linear, "spherical": spherical}


def check_ends(start: TensorLike, end: TensorLike, steps: int, method: str) -> None:
    """Raises ValueError where there is no such method, less than one step, or no pair for each."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {method!r}.")
    check_whole("steps", steps, at_least=1)
    if 1 not in (start.shape[0], end.shape[0]) and start.shape[0] != end.shape[0]:
        raise ValueError(
            f"start and end must be as many images, got {start.shape[0]} and {end.shape[0]}."
        )


def between(start: TensorLike, end: TensorLike, steps: int, method: str) -> tf.Tensor:
    """Points [steps, B, D] on the way from `start` to `end`, [B, D] or one of them [1, D]."""
    weights = tf.linspace(0.0, 1.0, steps)[:, tf.newaxis, tf.newaxis]
    return METHODS[method](start, end, weights)
