"""Choosing one of K by noise; models and exported files draw alike."""

from keras_vae._compat import TensorLike, tf

# Normal numbers that one choice takes.
CHOICE_NOISE = 2


def softmax(logits: TensorLike) -> tf.Tensor:
    """Probabilities [..., K] of any rank; CPU kernels of tf.nn.softmax take 5 axes at most."""
    rows = tf.nn.softmax(tf.reshape(logits, [-1, logits.shape[-1]]))
    return tf.reshape(rows, tf.shape(logits))


def mean_by(weights: TensorLike, values: TensorLike) -> tf.Tensor:
    """The sum over the last axis of weights [..., K] times values [..., K], or [K].

    It is a product with ones, since sums of whole numbers saturate in TFLite: it gives them the
    range of what they add.
    """
    products = weights * values
    return tf.tensordot(products, tf.ones(products.shape[-1:]), 1)


def log_softmax(logits: TensorLike) -> tf.Tensor:
    """The log of `softmax`."""
    return logits - tf.reduce_logsumexp(logits, axis=-1, keepdims=True)


def from_normal(logits: TensorLike, noise: TensorLike) -> tf.Tensor:
    """A choice of K, int32 [...], of probabilities softmax(logits) [..., K], by noise [..., 2]."""
    # For normal a and b, exp(-(a^2 + b^2) / 2) is uniform (Box & Muller 1958).
    return from_uniform(logits, tf.exp(-0.5 * tf.reduce_sum(tf.square(noise), axis=-1)))


def from_uniform(logits: TensorLike, u: TensorLike) -> tf.Tensor:
    """As `from_normal`, from uniform numbers u [...]."""
    probs = softmax(logits)
    # The last cumulative probability, 1 up to rounding, is left out: the choice stays below K.
    cumulative = tf.cumsum(probs, axis=-1)[..., :-1]
    return tf.reduce_sum(tf.cast(u[..., tf.newaxis] > cumulative, tf.int32), axis=-1)
