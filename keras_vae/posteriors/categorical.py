"""A posterior with a label."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions.labelled_normal import FAMILIES
from keras_vae.ops.positive import scale_of
from keras_vae.posteriors.base import Posterior


@tfk.saving.register_keras_serializable("keras_vae")
class CategoricalNormal(Posterior):
    """q(y|x) q(z|x,y): a label y and, for each of its values, a diagonal normal.

    The latents are y, then z. This posterior goes with the prior `LabelledMixture`.

    Args:
      latent_dim: D, of z.
      num_labels: K.
      family: "straight_through" or "relaxed", see `labelled_normal`.
      relaxation: temperature of the family.

    References:
      Kingma et al. 2014, Semi-supervised learning with deep generative models, eqs 2 and 4.
    """

    continuous = False

    def __init__(
        self,
        latent_dim: int,
        num_labels: int = 10,
        family: str = "straight_through",
        relaxation: float = 1.0,
        **kwargs,
    ):
        self.num_labels, self.family, self.relaxation = num_labels, family, relaxation
        super().__init__(latent_dim, **kwargs)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (FAMILIES[self.family].noise_size(self.num_labels, self.latent_dim),)

    @property
    def params_size(self) -> int:
        return self.num_labels * (1 + 2 * self.latent_dim)

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        logits, rest = tf.split(params, [self.num_labels, -1], axis=-1)
        shape = tf.concat([tf.shape(rest)[:-1], [self.num_labels, 2 * self.latent_dim]], 0)
        loc, raw_scale = tf.split(tf.reshape(rest, shape), 2, axis=-1)
        return FAMILIES[self.family](logits, loc, scale_of(raw_scale), self.relaxation)

    def code(self, q: tfd.Distribution) -> tf.Tensor:
        noise_size = q.noise_size(self.num_labels, self.latent_dim)
        return q.from_noise(tf.zeros([tf.shape(q.logits)[0], noise_size]))

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        z = q.from_noise(noise)
        return z, q.log_prob(z)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_labels": self.num_labels,
            "family": self.family,
            "relaxation": self.relaxation,
        }
