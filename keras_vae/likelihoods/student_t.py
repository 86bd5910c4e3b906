"""The Student-t likelihood."""

from keras_vae._compat import tf, tfd, tfk
from keras_vae.distributions import Uniforms
from keras_vae.likelihoods.base import Likelihood, positive_scale
from keras_vae.ops.positive import inverse_softplus
from keras_vae.ops.turn import turn


@tfk.saving.register_keras_serializable("keras_vae")
class StudentT(Likelihood):
    """Student's t with loc and scale from the network for every pixel: outliers cost little.

    Its degrees of freedom are one learned number: above 2, where the variance is finite; a large
    one makes it a normal.

    References:
      Takahashi et al. 2018, Student-t variational autoencoder for robust density estimation.
    """

    params_per_value = 2

    def build(self, input_shape: tf.TensorShape) -> None:
        self.raw_df = self.add_weight(
            "raw_df", shape=(), initializer=tfk.initializers.Constant(inverse_softplus(3.0))
        )
        super().build(input_shape)

    @property
    def df(self) -> tf.Tensor:
        """The degrees of freedom of every pixel, a scalar tensor; 5 at first."""
        return 2.0 + tf.math.softplus(self.raw_df)

    def per_value(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.StudentT(self.df, params[..., 0], positive_scale(params[..., 1]))

    def draw(self, p: tfd.Distribution, uniforms: Uniforms) -> tf.Tensor:
        # Bailey 1994, Polar generation of random variates with the t-distribution.
        radius = tf.sqrt(p.df * (tf.pow(uniforms(0), -2.0 / p.df) - 1.0))
        return p.loc + p.scale * radius * tf.cos(turn(uniforms(1)))
