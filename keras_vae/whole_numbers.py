"""Whole numbers as values: how many levels they have, and the scale that follows."""

from keras_vae._compat import tf

BYTES = 256  # levels
MAX_LEVELS = 65536
# A set of bytes whose highest value is below is not to be expected; one of few levels is.
_LOWEST_WHITE_OF_BYTES = 64
_DEPTHS = (1024, 4096, 16384, MAX_LEVELS)  # of cameras and scanners, beyond bytes


def infer_levels(highest: int) -> int:
    """How many levels whole numbers from 0 to `highest` have: 17 for 16, 256 for 200, 1024 for 300.

    Raises:
      ValueError: they are no levels.
    """
    if highest >= MAX_LEVELS:
        raise ValueError(f"whole numbers up to {highest} are no levels, of which {MAX_LEVELS} go.")
    if highest < _LOWEST_WHITE_OF_BYTES:
        return highest + 1
    return next(levels for levels in (BYTES, *_DEPTHS) if highest < levels)


def looks_like_few_levels(highest: int) -> bool:
    """Whether whole numbers up to `highest` would be nearly black as bytes. 0 is 0 at any scale."""
    return 0 < highest < _LOWEST_WHITE_OF_BYTES


def as_floats(x, levels: int = BYTES):
    """Examples as float32: floats as they are, bool as {0, 1}, whole numbers over levels - 1."""
    x = tf.convert_to_tensor(x)
    if x.dtype.is_integer:
        return tf.cast(x, tf.float32) / float(levels - 1)
    return tf.cast(x, tf.float32)
