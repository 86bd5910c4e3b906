"""Normal priors."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.priors.base import Prior


@tfk.saving.register_keras_serializable("keras_vae")
class StandardNormal(Prior):
    """p(z) = N(0, I)."""

    def distribution(self, context=None):
        return tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), 1.0), 1)

    def from_noise(self, noise, temperature=1.0, context=None):
        return temperature * noise

    def moments(self):
        return tf.zeros(self.latent_dim), tf.ones(self.latent_dim)
