"""`random_numpy` in TensorFlow, made of operators that are builtin in TFLite.

int32 addition and multiplication wrap as uint32's do; of the bit operators TFLite has XOR and
RIGHT_SHIFT, but neither LEFT_SHIFT nor OR.
"""

from export.random_numpy import KEY_PARITY, NUM_ROUNDS, ROTATIONS, Stream
from keras_vae._compat import leave_as_written, tf
from keras_vae.ops.turn import turn

leave_as_written(__name__)

Words = tuple[tf.Tensor, tf.Tensor]  # int32, the two words of a key or a counter


def threefry2x32(key: Words, counter: Words) -> Words:
    """64 random bits for each key and counter; see `random_numpy.threefry2x32`.

    Args:
      key, counter: pairs of int32 tensors, all of one shape or broadcast to one.

    Returns:
      A pair of int32 tensors of that shape.
    """
    keys = (*key, _xor(_xor(key[0], key[1]), KEY_PARITY))
    x0, x1 = counter[0] + keys[0], counter[1] + keys[1]
    for i in range(NUM_ROUNDS):
        x0 = x0 + x1
        x1 = _xor(x0, _rotate_left(x1, ROTATIONS[i % 8]))
        if i % 4 == 3:
            number = (i + 1) // 4
            x0 = x0 + keys[number % 3]
            x1 = x1 + keys[(number + 1) % 3] + number
    return x0, x1


def bits(seed: tf.Tensor, stream: Stream, n: int) -> tf.Tensor:
    """Random bits, int32 [B, n]; see `random_numpy.bits`."""
    index = tf.range((n + 1) // 2)
    words = threefry2x32((seed[:, :1], seed[:, 1:]), (index, tf.fill(index.shape, int(stream))))
    return tf.concat(words, axis=-1)[:, :n]


def fold(seed: tf.Tensor, number: tf.Tensor, stream: Stream) -> tf.Tensor:
    """Other seeds, int32 [B, 2]; see `random_numpy.fold`."""
    counter = number, tf.fill(tf.shape(number), int(stream))
    return tf.stack(threefry2x32((seed[:, 0], seed[:, 1]), counter), axis=-1)


def uniform(seed: tf.Tensor, stream: Stream, n: int) -> tf.Tensor:
    """Uniform numbers above 0 and up to 1, float32 [B, n]; see `random_numpy.uniform`."""
    top_24 = tf.cast(_shift_right(bits(seed, stream, n), 8), tf.float32)
    return (top_24 + 0.5) * 2.0**-24


def normal(seed: tf.Tensor, stream: Stream, n: int) -> tf.Tensor:
    """Standard normal numbers, float32 [B, n]; see `random_numpy.normal`."""
    u, v = tf.split(uniform(seed, stream, n + n % 2), 2, axis=-1)
    radius, angle = tf.sqrt(-2.0 * tf.math.log(u)), turn(v)
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=-1)[:, :n]


def _rotate_left(x, by: int):
    # The two parts have no bit in common, so their sum is their OR.
    return x * 2**by + _shift_right(x, 32 - by)


def _shift_right(x, by: int):
    """The logical shift: zeros come in, also for negative x."""
    shifted = tf.bitwise.right_shift(tf.bitcast(x, tf.uint32), tf.constant(by, tf.uint32))
    return tf.bitcast(shifted, tf.int32)


def _xor(a, b):
    return tf.bitwise.bitwise_xor(a, b)
