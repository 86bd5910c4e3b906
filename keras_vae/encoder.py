"""Encoder: x -> q(z|x)."""

from keras_vae._compat import tf, tfd, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Encoder(tfk.Model):
    """A network body, a linear projection, and a posterior.

    Args:
      network: Keras layer or model, x [B, H, W, C] -> features of any shape.
      posterior: a `posteriors.Posterior`, or any layer with its interface.
    """

    def __init__(self, network, posterior, **kwargs):
        super().__init__(**kwargs)
        self.network, self.posterior = network, posterior
        self.flatten = tfkl.Flatten()
        self.projection = tfkl.Dense(posterior.params_size)

    def call(self, x, context=None) -> tfd.Distribution:
        """q(z|x, context), batch [B], event [D]; context is [B, ...] or None."""
        features = self.flatten(self.network(x))
        if context is not None:
            features = tf.concat([features, self.flatten(context)], axis=-1)
        return self.posterior(self.projection(features))

    def get_config(self):
        serialize = tfk.saving.serialize_keras_object
        return {"network": serialize(self.network), "posterior": serialize(self.posterior)}

    @classmethod
    def from_config(cls, config):
        return cls(**{k: tfk.saving.deserialize_keras_object(v) for k, v in config.items()})
