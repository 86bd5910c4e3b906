"""Priors p(z): Keras layers that own their variables, created in __init__.

(KLDivergenceAddLoss doesn't track the variables of a callable prior, and those of an unbuilt layer
would come too late for optimizer and checkpoint.)
"""

from keras_vae._compat import tf, tfd, tfk, tfkl


@tfk.saving.register_keras_serializable("keras_vae")
class StandardNormal(tfkl.Layer):
    """p(z) = N(0, I).

    Args:
      latent_dim: D.

    Attributes:
      noise_shape: shape of the standard normal noise that one z needs.
    """

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.noise_shape = (latent_dim,)

    def distribution(self, context=None) -> tfd.Distribution:
        """p(z), batch [], event [D]; `context` makes no difference."""
        return tfd.Independent(tfd.Normal(tf.zeros(self.latent_dim), 1.0), 1)

    def from_noise(self, noise, temperature=1.0, context=None):
        """z [..., D] from noise [..., *noise_shape]; the standard deviation is `temperature`."""
        return temperature * noise

    def draw_noise(self, seed, num_samples: int):
        """Standard normal noise [num_samples, *noise_shape] from a stateless int32 [2] seed."""
        return tf.random.stateless_normal([num_samples, *self.noise_shape], seed)

    def get_config(self):
        return super().get_config() | {"latent_dim": self.latent_dim}
