"""A Gaussian mixture fitted to codes, for models that have no prior of their own."""

from keras_vae._compat import tfk
from keras_vae.priors.mixture import MixtureOfNormals


@tfk.saving.register_keras_serializable("keras_vae")
class GaussianMixture(MixtureOfNormals):
    """p(z) = sum_k w_k N(loc_k, L_k L_k^T): scikit-learn's fit, which no training changes.

    Args:
      latent_dim: D.
      num_components: K.

    References:
      Ghosh et al. 2020, From variational to deterministic autoencoders, section 4 (ex-post density
      estimation).
    """

    trains_with_model = False
    fits_codes = True

    def __init__(self, latent_dim: int, num_components: int = 10, **kwargs):
        kwargs |= {"covariance": "full", "trainable": False}
        super().__init__(latent_dim, num_components, **kwargs)
