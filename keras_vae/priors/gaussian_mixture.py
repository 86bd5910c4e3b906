"""A Gaussian mixture fitted to codes, for models that have no prior of their own."""

import numpy as np

from keras_vae._compat import tf, tfd, tfk
from keras_vae.priors.base import Prior
from keras_vae.priors.mixture import CHOICE_NOISE, choose, mixture


@tfk.saving.register_keras_serializable("keras_vae")
class GaussianMixture(Prior):
    """p(z) = sum_k w_k N(loc_k, L_k L_k^T): scikit-learn's fit, which no training changes.

    Args:
      latent_dim: D.
      num_components: K.

    References:
      Ghosh et al. 2020, From variational to deterministic autoencoders, section 4 (ex-post density
      estimation).
    """

    def __init__(self, latent_dim: int, num_components: int = 10, **kwargs):
        super().__init__(latent_dim, trainable=False, **kwargs)
        self.num_components = num_components
        self.noise_shape = (latent_dim + CHOICE_NOISE,)
        self.logits = self.add_weight("logits", [num_components], initializer="zeros")
        self.loc = self.add_weight("loc", [num_components, latent_dim], initializer="zeros")
        self.scale_tril = self.add_weight(
            "scale_tril", [num_components, latent_dim, latent_dim], initializer="zeros"
        )

    def fit(self, codes, seed: int = 0) -> None:
        """Takes the mixture of largest likelihood found for codes [N, D].

        Raises:
          ValueError: fewer codes than components.
        """
        from sklearn.mixture import GaussianMixture as Estimator

        codes = np.asarray(codes, np.float64)
        if len(codes) < self.num_components:
            raise ValueError(
                f"num_components must be at most the {len(codes)} codes, got {self.num_components}."
            )
        found = Estimator(self.num_components, random_state=seed, reg_covar=1e-4).fit(codes)
        self.set_weights(
            [np.log(found.weights_), found.means_, np.linalg.cholesky(found.covariances_)]
        )

    def distribution(self, context=None):
        return mixture(self.logits, tfd.MultivariateNormalTriL(self.loc, self.scale_tril))

    def from_noise(self, noise, temperature=1.0, context=None):
        noise, choice = tf.split(noise, [self.latent_dim, CHOICE_NOISE], axis=-1)
        k = choose(self.logits, choice)
        deviation = tf.linalg.matvec(tf.gather(self.scale_tril, k), noise)
        return tf.gather(self.loc, k) + temperature * deviation

    def get_config(self):
        return super().get_config() | {"num_components": self.num_components}
