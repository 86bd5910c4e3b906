"""Ways between two points of latent space."""

from keras_vae._compat import tf


def linear(a, b, weights):
    return (1.0 - weights) * a + weights * b


def spherical(a, b, weights):
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
