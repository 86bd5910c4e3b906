"""A recurrent layer that never loops in Python."""

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.ops.eager_graphs import graph_when_eager


@tfk.saving.register_keras_serializable("keras_vae")
class Recurrence(tfkl.RNN):
    """Keras' RNN, x [B, T, P] -> states [B, T, units] or the last one, as a graph when eager.

    It replaces tfkl.GRU, whose kernels are several times slower under XLA on CPUs.
    """

    def call(self, inputs: TensorLike, **unused) -> tf.Tensor:
        del unused  # Neither masks nor states of one's own come here.
        return self._run(inputs)

    @graph_when_eager
    def _run(self, inputs):
        return super().call(inputs)
