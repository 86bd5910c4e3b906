"""Decoder: z -> p(x|z)."""

import math

from keras_vae._compat import tf, tfd, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Decoder(tfk.Model):
    """A network body, a linear projection to the likelihood's parameters, and a likelihood.

    Args:
      network: Keras layer or model, z [N, D] -> features: flat [N, F], or with the height and width
        of x, [N, H, W, F].
      likelihood: a `likelihoods.Likelihood`, or any layer with its interface; says the shape of x.
    """

    def __init__(self, network, likelihood, **kwargs):
        super().__init__(**kwargs)
        self.network, self.likelihood = network, likelihood
        self.event_shape = tuple(likelihood.event_shape)
        self.projection = _Projection(self.event_shape, likelihood.params_per_value)

    def call(self, z, context=None) -> tfd.Distribution:
        """p(x|z, context), batch [...], event [H, W, C], from z [..., D].

        Context is [B, ...] or None, B the last batch axis of z.
        """
        if context is not None:
            context = tf.reshape(context, [tf.shape(context)[0], -1])
            context = tf.broadcast_to(
                context, tf.concat([tf.shape(z)[:-1], tf.shape(context)[-1:]], 0)
            )
            z = tf.concat([z, context], axis=-1)
        # Networks know one batch axis, [N]; samples and examples [S, B] are merged into it.
        features = self.network(tf.reshape(z, [-1, z.shape[-1]]))
        params = self.projection(features)
        batch_shape = tf.shape(z)[:-1]
        return self.likelihood(tf.reshape(params, tf.concat([batch_shape, params.shape[1:]], 0)))

    def get_config(self):
        serialize = tfk.saving.serialize_keras_object
        return {"network": serialize(self.network), "likelihood": serialize(self.likelihood)}

    @classmethod
    def from_config(cls, config):
        return cls(**{k: tfk.saving.deserialize_keras_object(v) for k, v in config.items()})


class _Projection(tfkl.Layer):
    """Features [N, F] (by a dense layer) or [N, H, W, F] (by a 3x3 convolution) -> parameters
    [N, *event_shape, params_per_value]."""

    def __init__(self, event_shape, params_per_value, **kwargs):
        super().__init__(**kwargs)
        self.target = (*event_shape, params_per_value)

    def build(self, features_shape):
        *sizes, channels, params = self.target
        if len(features_shape) == 2:
            self.linear = tfkl.Dense(math.prod(self.target))
        elif list(features_shape[1:-1]) == sizes:
            self.linear = tfkl.Conv2D(channels * params, 3, padding="same")
        else:
            raise ValueError(
                f"decoder network gave features of shape {tuple(features_shape[1:])}; wanted "
                f"({', '.join(map(str, [*sizes, 'any']))}) or (any,) for x of shape "
                f"{self.target[:-1]}. End the network with a layer that gives one of these."
            )
        super().build(features_shape)

    def call(self, features):
        return tf.reshape(self.linear(features), [-1, *self.target])
