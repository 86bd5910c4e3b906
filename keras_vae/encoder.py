"""Encoder: x -> q(z|x)."""

import math

from keras_vae._compat import check_layer, tf, tfd, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class Encoder(tfk.Model):
    """A network body, a linear projection, and a posterior.

    Args:
      network: Keras layer or model, x [B, H, W, C] -> features of any shape.
      posterior: a `posteriors.Posterior`, or any layer with its interface.

    Attributes:
      noise_shape: shape of the standard normal noise that one z needs.
      has_density: whether log q(z|x) exists.
    """

    def __init__(self, network, posterior, **kwargs):
        super().__init__(**kwargs)
        check_layer("network", network)
        self.network, self.posterior = network, posterior
        self.flatten = tfkl.Flatten()
        self.noise_shape, self.has_density = posterior.noise_shape, posterior.has_density
        self.projection = tfkl.Dense(posterior.params_size)
        self.context_map = None  # Made when the first context comes.

    def call(self, x, context=None) -> tfd.Distribution:
        """q(z|x, context), batch [B], event [D]; context is [B, ...] or None."""
        return self.posterior(self.parameters(x, context))

    def infer(self, x, noise, context=None, weight=None):
        """(q, z, log q(z|x)): the posterior, and z [S, B, D] made from noise [S, B, *noise_shape].

        Args:
          x: [B, H, W, C].
          noise: standard normal.
          context: [B, ...] or None.
          weight: None, or a `GradientWeight` to put on z; log q then has its parameters stopped.
        """
        params = self.parameters(x, context)
        q = self.posterior(params)
        z, log_q = self.posterior.from_noise(q, noise)
        if weight is not None:
            z = weight.apply(z)
            log_q = self.posterior.stopped_log_prob(params, z)
        return q, z, log_q

    def parameters(self, x, context=None):
        """The posterior's parameters, [B, params_size]."""
        if context is not None:
            x = self._beside(x, context)
        return self.projection(self.flatten(self.network(x)))

    def _beside(self, x, context):
        """x [B, H, W, C] with the context as further channels.

        One that is itself an image stays one; any other is made one channel, by a linear map.
        """
        size = x.shape[1:-1]
        if context.shape[1:-1] != size:
            if self.context_map is None:
                self.context_map = tfkl.Dense(math.prod(size), use_bias=False)
            context = self.context_map(self.flatten(context))
            context = tf.reshape(context, [-1, *size, 1])
        return tf.concat([x, context], axis=-1)

    def get_build_config(self):
        """None: Keras would build it again by a call without the context."""

    def get_config(self):
        serialize = tfk.saving.serialize_keras_object
        return {"network": serialize(self.network), "posterior": serialize(self.posterior)}

    @classmethod
    def from_config(cls, config):
        return cls(**{k: tfk.saving.deserialize_keras_object(v) for k, v in config.items()})


class FirstLatents:
    """q(z|x) of those of an encoder's latents that are drawn first, as far as a prior needs it.

    Args:
      posterior: a `posteriors.Posterior`.
      parameters: (x, context) -> its parameters [B, params_size].
    """

    def __init__(self, posterior, parameters):
        self.posterior, self.parameters = posterior, parameters
        self.noise_shape = posterior.noise_shape


@tfk.saving.register_keras_serializable("keras_vae")
class PriorEncoder(tfk.Model):
    """No encoder: q(z|x) is the prior, where plain Monte Carlo draws its samples.

    The model that it becomes part of hands it the prior.
    """

    has_density = True

    def bind(self, vae) -> None:
        """Takes the prior of `vae`, to which its weights belong."""
        object.__setattr__(self, "_prior", vae.prior)
        self.noise_shape = vae.prior.noise_shape

    def build(self, input_shape):
        self.built = True  # By Keras' own build it would be called, before there is a prior.

    def call(self, x, context=None) -> tfd.Distribution:
        """p(z|context), batch [B], event [D]."""
        p = self._prior.distribution(context)
        return tfd.BatchBroadcast(p, tf.shape(x)[:1])

    def infer(self, x, noise, context=None, weight=None):
        """(q, z, log q(z)), as of any `Encoder`.

        `weight` is left aside: as q is the prior, whose gradient is not to be another one, every
        estimator is the plain one here.
        """
        del weight
        z = self._prior.from_noise(noise, context=context)
        return self(x, context), z, self._prior.distribution(context).log_prob(z)

    def get_config(self):
        return {}
