"""Black and white from grey: what a Bernoulli likelihood needs."""

import numpy as np

from keras_vae._compat import TensorLike, tf
from keras_vae.data.split import Split
from keras_vae.ops.whole_numbers import BYTES, as_floats

BINARIZATIONS = ("none", "threshold", "dynamic")


def threshold(x: TensorLike, levels: int = BYTES) -> tf.Tensor:
    """bool, shape of x: whether each value is at least one half of full scale."""
    return as_floats(x, levels) >= 0.5


def dynamic(x: TensorLike, seed: TensorLike, levels: int = BYTES) -> tf.Tensor:
    """A draw from Bernoulli(x), after Burda et al. 2015 (arXiv 1509.00519).

    Args:
      x: values within [0, 1], or whole numbers from 0 to levels - 1.
      seed: int32 [2].
      levels: how many levels whole numbers have.

    Returns:
      bool, shape of x.
    """
    x = tf.convert_to_tensor(x)
    if x.dtype == tf.uint8 and levels == BYTES:
        return _dynamic_bytes(x, seed)
    x = as_floats(x, levels)
    return tf.random.stateless_uniform(tf.shape(x), seed) < x


def _dynamic_bytes(x, seed):
    """`dynamic` for bytes, with 15 random bits a pixel: it takes half the time of random floats.

    257 k / 65536 is k / 255 to 1 part in 65536. The random numbers are even, so all of them are
    below 257 * 255, and white stays white.
    """
    size = tf.size(x)
    bits = tf.random.stateless_uniform([(size + 1) // 2], seed, None, None, tf.int32)
    bits = tf.reshape(tf.bitcast(bits, tf.uint16), [-1])[:size]
    even = tf.bitwise.bitwise_and(bits, tf.constant(0xFFFE, tf.uint16))
    return tf.reshape(even, tf.shape(x)) < tf.cast(x, tf.uint16) * 257


def binarize(
    x: TensorLike, binarization: str, seed: TensorLike, levels: int | None = None
) -> TensorLike:
    """x by the binarization that `resolve` returned.

    Args:
      x: examples.
      binarization: "none", "threshold" or "dynamic".
      seed: int32 [2], for dynamic alone.
      levels: how many levels whole numbers have; None for bytes.
    """
    if binarization == "none":
        return x
    levels = levels or BYTES
    return threshold(x, levels) if binarization == "threshold" else dynamic(x, seed, levels)


def resolve(binarization: str | None, images: Split, needs_binary: bool) -> str:
    """Settles how images are binarized.

    Args:
      binarization: "none", "threshold", "dynamic", or None: dynamic if it is needed, else none.
      images: Split.
      needs_binary: whether the likelihood is Bernoulli.

    Returns:
      "none", "threshold" or "dynamic"; always "none" for images that are binary already.

    Raises:
      ValueError: unknown name; none for grey images under a Bernoulli likelihood; images outside
        [0, 1].
    """
    if binarization not in (None, *BINARIZATIONS):
        raise ValueError(
            f"binarization must be one of {', '.join(BINARIZATIONS)}, got {binarization}."
        )
    if images.dtype == bool:
        return "none"
    if binarization == "none" and needs_binary:
        raise ValueError(
            "A Bernoulli likelihood needs black-and-white images, got grey ones and "
            "binarization=none. Take binarization=dynamic or threshold, or a likelihood for grey, "
            "such as likelihood=continuous_bernoulli."
        )
    if binarization is None:
        binarization = "dynamic" if needs_binary else "none"
    if binarization != "none" and images.dtype == np.float32:
        low, high = images.array.min(), images.array.max()
        if low < 0 or high > 1:
            raise ValueError(
                f"binarization={binarization} needs values in [0, 1], got {low:g} to {high:g}. "
                "Rescale the images, or take a likelihood for real numbers, such as "
                "likelihood=normal."
            )
    return binarization
