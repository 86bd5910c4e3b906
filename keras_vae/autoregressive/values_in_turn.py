"""The values of one step, each given those before it."""

from collections.abc import Callable
from typing import Any

from keras_vae._compat import TensorLike, tf, tfk, tfkl
from keras_vae.ops.dtype_policy import Float32


@tfk.saving.register_keras_serializable("keras_vae")
class ValuesInTurn(Float32, tfkl.Layer):
    """Logits [N, P, L] of P values, each given features and the values before it.

    Each value has a hidden layer. A sum that grows from value to value tells that layer the values
    before it.

    Args:
      num_values: P.
      levels: L, how many levels a value can take.
      hidden: units of the hidden layers.

    References:
      Larochelle & Murray 2011, The neural autoregressive distribution estimator, eq. 4 to 6.
    """

    def __init__(self, num_values: int, levels: int, hidden: int, **kwargs):
        super().__init__(**kwargs)
        self.num_values, self.levels, self.hidden = num_values, levels, hidden
        self.dense = tfkl.Dense(hidden, dtype=self.dtype)
        self.embedding: tf.Variable = None  # A single value has none before it.
        if num_values > 1:
            self.embedding = self.add_weight("embedding", [num_values - 1, levels, hidden])
        self.kernel = self.add_weight("kernel", [num_values, hidden, levels])
        self.bias = self.add_weight("bias", [num_values, levels], initializer="zeros")

    def call(self, features: TensorLike, values: TensorLike) -> tf.Tensor:
        """Logits [N, P, L] from features [N, F] and the values, one-hot [N, P, L]."""
        return self.walk(features, lambda i, logits: values[:, i])[0]

    def walk(self, features: TensorLike, choose: Callable) -> tuple[tf.Tensor, tf.Tensor]:
        """(logits, values), both [N, P, L], from features [N, F].

        choose(i, logits [N, L]) -> value i, one-hot [N, L].
        """
        total, logits, values = self.dense(features), [], []
        # A Python loop: under XLA on CPUs, matrix products are six times as fast as batched ones.
        for i in range(self.num_values):
            logits.append(tf.matmul(tf.nn.relu(total), self.kernel[i]) + self.bias[i])
            values.append(choose(i, logits[i]))
            if i + 1 < self.num_values:
                total += tf.matmul(values[i], self.embedding[i])
        return tf.stack(logits, axis=1), tf.stack(values, axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_values": self.num_values,
            "levels": self.levels,
            "hidden": self.hidden,
        }
