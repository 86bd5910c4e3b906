"""The values of one step, each given those before it."""

from collections.abc import Callable

from keras_vae._compat import tf, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class ValuesInTurn(tfkl.Layer):
    """Logits of P values [N, P, L], those of each value given features and the values before it.

    One hidden layer for each value; what it is told of the values before is a sum that grows from
    value to value, so all logits take one pass where the values are known.

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
        self.dense = tfkl.Dense(hidden)
        self.embedding = self.add_weight("embedding", [num_values - 1, levels, hidden])
        self.kernel = self.add_weight("kernel", [num_values, hidden, levels])
        self.bias = self.add_weight("bias", [num_values, levels], initializer="zeros")

    def call(self, features, values):
        """Logits [..., P, L] from features [..., F] and the values, one-hot [..., P, L]."""
        before = tf.einsum("...pl,plk->...pk", values[..., :-1, :], self.embedding)
        first = self.dense(features)[..., tf.newaxis, :]
        sums = tf.cumsum(tf.concat([first, before], axis=-2), axis=-2)
        return tf.einsum("...pk,pkl->...pl", tf.nn.relu(sums), self.kernel) + self.bias

    def choose(self, features, choice: Callable):
        """Levels [N, P], int32, from features [N, F]; choice(i, logits [N, L]) -> value i [N]."""
        chosen, total = [], self.dense(features)
        for i in range(self.num_values):
            logits = tf.matmul(tf.nn.relu(total), self.kernel[i]) + self.bias[i]
            chosen.append(choice(i, logits))
            if i + 1 < self.num_values:
                total += tf.matmul(tf.one_hot(chosen[-1], self.levels), self.embedding[i])
        return tf.stack(chosen, axis=-1)

    def get_config(self):
        return super().get_config() | {
            "num_values": self.num_values,
            "levels": self.levels,
            "hidden": self.hidden,
        }
