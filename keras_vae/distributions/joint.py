"""Base classes of the distributions that TFP lacks."""

from collections.abc import Callable

from keras_vae._compat import tf, tfd, tfp


class Custom(tfd.Distribution):
    """A distribution of float32 values that doesn't check its arguments.

    Args:
      parameters: `dict(locals())` of the subclass' __init__, as TFP wants it.
      reparameterized: whether draws have gradients.
    """

    def __init__(self, parameters: dict, reparameterized: bool = True):
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=(
                tfd.FULLY_REPARAMETERIZED if reparameterized else tfd.NOT_REPARAMETERIZED
            ),
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=type(self).__name__.lstrip("_"),
        )


class Joint(Custom):
    """The joint distribution of dependent vectors, put end to end: event [D].

    It is given by its density and by a function from noise to draws. Its mean has no closed form.

    Args:
      log_prob: z [..., *batch_shape, D] -> [..., *batch_shape].
      from_noise: standard normal noise [..., *batch_shape, N] -> z [..., *batch_shape, D].
      noise_size: N.
      event_size: D.
      batch_shape: int32 tensor.
    """

    def __init__(
        self,
        log_prob: Callable,
        from_noise: Callable,
        noise_size: int,
        event_size: int,
        batch_shape: tf.Tensor,
    ):
        parameters = dict(locals())
        self._log_prob_of, self._from_noise = log_prob, from_noise
        self._noise_size, self._event_size = noise_size, event_size
        self._own_batch_shape = batch_shape
        super().__init__(parameters)

    def _batch_shape(self):
        return tf.TensorShape(tf.get_static_value(self._own_batch_shape))

    def _batch_shape_tensor(self):
        return self._own_batch_shape

    def _event_shape(self):
        return tf.TensorShape([self._event_size])

    def _log_prob(self, z):
        return self._log_prob_of(z)

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], self._own_batch_shape, [self._noise_size]], 0)
        return self._from_noise(tf.random.stateless_normal(shape, tfp.random.sanitize_seed(seed)))


class OfEachValue(Custom):
    """A distribution that has the batch and event shapes of another one, `base`."""

    def _batch_shape(self):
        return self.base.batch_shape

    def _batch_shape_tensor(self):
        return self.base.batch_shape_tensor()

    def _event_shape(self):
        return self.base.event_shape

    def _event_shape_tensor(self):
        return self.base.event_shape_tensor()
