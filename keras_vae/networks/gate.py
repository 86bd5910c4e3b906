"""Gates."""

from keras_vae._compat import TensorLike, tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Gate(tfkl.Layer):
    """h * sigmoid(g), h and g the two halves of the channels: [..., 2 F] -> [..., F].

    After a linear layer of 2 F channels, this makes a gated layer of F: the linear path lets the
    gradient through, the gate chooses (Dauphin et al. 2017, eq. 1).
    """

    def call(self, x: TensorLike) -> tf.Tensor:
        h, g = tf.split(x, 2, axis=-1)
        return h * tf.sigmoid(g)
