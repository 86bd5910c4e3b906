"""No posterior: the code of an autoencoder."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.posteriors.base import Posterior


@tfk.saving.register_keras_serializable("keras_vae")
class Deterministic(Posterior):
    """All mass on loc(x): the code of an autoencoder. It needs no noise and has no density."""

    has_density = False

    def __init__(self, latent_dim: int, **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.noise_shape = (0,)

    @property
    def params_size(self):
        return self.latent_dim

    def distribution(self, params):
        return tfd.VectorDeterministic(params)

    def from_noise(self, q, noise):
        num_samples = tf.shape(noise)[0]
        return tf.repeat(q.mean()[tf.newaxis], num_samples, axis=0), None
