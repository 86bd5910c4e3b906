"""Normal posteriors."""

import math

from keras_vae._compat import tf, tfb, tfd, tfk
from keras_vae.posteriors.base import Posterior

# softplus(x + _UNIT) is 1 at x = 0: a new network's posterior is near the prior.
_UNIT = math.log(math.e - 1.0)
# Keeps log q finite where softplus underflows.
_MIN_SCALE = 1e-5


@tfk.saving.register_keras_serializable("keras_vae")
class DiagonalNormal(Posterior):
    """q(z|x) = N(loc(x), diag(scale(x)^2)) (Kingma & Welling 2014, eq. 9)."""

    @property
    def params_size(self):
        return 2 * self.latent_dim

    def distribution(self, params):
        loc, raw_scale = tf.split(params, 2, axis=-1)
        scale = tf.math.softplus(raw_scale + _UNIT) + _MIN_SCALE
        return tfd.Independent(tfd.Normal(loc, scale), 1)

    def from_noise(self, q, noise):
        z = q.mean() + q.stddev() * noise
        return z, q.log_prob(z)


@tfk.saving.register_keras_serializable("keras_vae")
class FullCovarianceNormal(Posterior):
    """q(z|x) = N(loc(x), L(x) L(x)^T) with L lower triangular."""

    @property
    def params_size(self):
        return self.latent_dim + self.latent_dim * (self.latent_dim + 1) // 2

    def distribution(self, params):
        loc, raw_scale = tf.split(params, [self.latent_dim, -1], axis=-1)
        diagonal = tfb.Chain([tfb.Shift(_MIN_SCALE), tfb.Softplus(), tfb.Shift(_UNIT)])
        scale_tril = tfb.FillScaleTriL(diag_bijector=diagonal, diag_shift=None)(raw_scale)
        return tfd.MultivariateNormalTriL(loc, scale_tril)

    def from_noise(self, q, noise):
        z = q.loc + tf.linalg.matvec(q.scale_tril, noise)
        return z, q.log_prob(z)
