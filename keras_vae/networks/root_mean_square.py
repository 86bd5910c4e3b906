"""Normalisation of maps, each place by itself."""

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class RootMeanSquareNorm(tfkl.Layer):
    """x / sqrt(1 + mean over channels of x^2), of [..., F]: small values stay nearly as they are.

    Whatever comes in, what goes out has a mean square below 1. So a map that is large for an
    example unlike the data doesn't make the maps of all layers below larger still.

    References:
      Zhang & Sennrich 2019, Root mean square layer normalization, eq. 4; here without gains.
    """

    def call(self, x: TensorLike) -> tf.Tensor:
        square = tf.reduce_mean(tf.square(tf.cast(x, tf.float32)), axis=-1, keepdims=True)
        return x * tf.cast(tf.math.rsqrt(1.0 + square), x.dtype)
