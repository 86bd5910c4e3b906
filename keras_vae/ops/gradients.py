"""Gradients that differ from a value's own."""

from collections.abc import Callable

from keras_vae._compat import TensorLike, tf


class GradientWeight:
    """The identity, whose gradient is multiplied by a weight that is known only later.

        weight = GradientWeight()
        z = weight.apply(z)
        ...  # Values are computed from z, and from them the weight.
        weight.set(w)

    Importance-weighted objectives weigh the gradient that reaches z, and so the posterior, in
    another way than the one that reaches the decoder; this does both in one backward pass.
    """

    def __init__(self):
        self._weight = None

    def apply(self, z: TensorLike) -> tf.Tensor:
        """z [S, B, *latent_shape], unchanged."""
        event_axes = [1] * (z.shape.rank - 2)

        @tf.custom_gradient
        def identity(z):
            def gradient(upstream):
                if self._weight is None:
                    return upstream
                shape = tf.concat([tf.shape(self._weight), event_axes], 0)
                return tf.reshape(self._weight, shape) * upstream

            return tf.identity(z), gradient

        return identity(z)

    def set(self, weight: TensorLike) -> None:
        """Multiplies the gradient by weight [S, B], itself taken as a constant."""
        self._weight = tf.stop_gradient(weight)


def without_weights(function: Callable) -> Callable:
    """`function` of one tensor, with the gradient of its argument but of no variable."""

    @tf.custom_gradient
    def stopped(x):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            y = function(x)

        def gradient(*upstream, variables=()):
            (dx,) = tape.gradient(y, [x], list(upstream), unconnected_gradients="zero")
            return dx, [tf.zeros_like(v) for v in variables]

        return y, gradient

    return stopped
