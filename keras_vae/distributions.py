"""What distributions of our own share."""

from keras_vae._compat import tf, tfd


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


class OfEachValue(Custom):
    """A distribution of single values made of another one, `base`, of which it has the batch."""

    def _batch_shape(self):
        return self.base.batch_shape

    def _batch_shape_tensor(self):
        return self.base.batch_shape_tensor()

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)
