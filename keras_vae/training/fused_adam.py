"""Adam, its step one kernel a variable."""

from typing import Any

from keras_vae._compat import tf, tfk


@tfk.saving.register_keras_serializable("keras_vae")
class FusedAdam(tfk.optimizers.Adam):
    """Keras' Adam, whose step TensorFlow's own kernel computes.

    Keras writes the step as some ten operations a variable, each of which goes through memory
    again where XLA doesn't fuse them. Arguments, variables, config and numbers are Keras' own.
    """

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable) -> None:
        """Keras' hook: one step of one variable."""
        if self.amsgrad or self.adaptive_epsilon or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable)  # The kernel knows none of these.
            return
        beta_1, beta_2 = (tf.cast(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        step = tf.cast(self.iterations + 1, variable.dtype)
        index = self._index_dict[self._var_key(variable)]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=gradient,
        )

    def get_config(self) -> dict[str, Any]:
        # Keras leaves this one out.
        return super().get_config() | {"adaptive_epsilon": self.adaptive_epsilon}
