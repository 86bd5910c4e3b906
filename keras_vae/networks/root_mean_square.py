"""A limit to maps, at each place by itself."""

from keras_vae._compat import TensorLike, tf, tfk, tfkl

# Maps of a trained ladder have root mean squares of 0.03 to 4: nearly nothing is taken from them.
_LIMIT = 10.0


@tfk.saving.register_keras_serializable("keras_vae")
class RootMeanSquareLimit(tfkl.Layer):
    """x / sqrt(1 + (r / 10)^2), of [..., F], where r is the root mean square over channels.

    Whatever comes in, what goes out has a root mean square below 10, and what is far smaller stays
    nearly as it is. So a map that is large for an example unlike the data doesn't make the maps of
    all layers below larger still. To divide by r itself (Zhang & Sennrich 2019, Root mean square
    layer normalization) would bound it too, but leaves the decoder inputs so small that it learns
    slowly.
    """

    def call(self, x: TensorLike) -> tf.Tensor:
        scaled = tf.cast(x, tf.float32) / _LIMIT
        # A product: TFLite has no tf.square in 16 bits.
        square = tf.reduce_mean(scaled * scaled, axis=-1, keepdims=True)
        return x * tf.cast(tf.math.rsqrt(1.0 + square), x.dtype)
