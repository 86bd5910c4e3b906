"""The Laplace likelihood."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.base import Likelihood, positive_scale


@tfk.saving.register_keras_serializable("keras_vae")
class Laplace(Likelihood):
    """exp(-|x - loc| / scale) / (2 scale), both from the network for every pixel.

    Absolute errors count, not squared ones: edges may be sharp.
    """

    params_per_value = 2

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.Laplace(params[..., 0], positive_scale(params[..., 1]))

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        centred = uniforms(0) - 0.5
        return p.loc - p.scale * tf.sign(centred) * tf.math.log(1.0 - 2.0 * tf.abs(centred))
