"""No posterior: the code of an autoencoder."""

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.posteriors.base import Posterior


@tfk.saving.register_keras_serializable("keras_vae")
class Deterministic(Posterior):
    """All mass on loc(x): the code of an autoencoder. It needs no noise and has no density."""

    has_density = has_bound = trains_prior = False

    takes_maps = True

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (0,)

    @property
    def params_size(self) -> int:
        return self.latent_shape[-1]

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        return tfd.Independent(tfd.Deterministic(params), len(self.latent_shape))

    def outputs(self, q: tfd.Distribution) -> dict[str, tf.Tensor]:
        return {"loc": q.mean()}

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        num_samples = tf.shape(noise)[0]
        return tf.repeat(q.mean()[tf.newaxis], num_samples, axis=0), None
