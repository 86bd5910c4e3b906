"""A prior with a label."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.distributions.labelled_normal import FAMILIES
from keras_vae.ops.positive import scale_of
from keras_vae.priors.base import Prior


@tfk.saving.register_keras_serializable("keras_vae")
class LabelledMixture(Prior):
    """p(y) p(z|y): K equally likely labels, each with a diagonal normal trained with the model.

    The latents are y, then z. This prior goes with the posterior `CategoricalNormal`, and has the
    same arguments.

    References:
      Jiang et al. 2017, Variational deep embedding, section 3.1; Dilokthanakul et al. 2016, Deep
      unsupervised clustering with Gaussian mixture variational autoencoders.
    """

    continuous = False

    is_mixture = True

    def __init__(
        self,
        latent_dim: int,
        num_labels: int = 10,
        family: str = "straight_through",
        relaxation: float = 1.0,
        **kwargs,
    ):
        super().__init__(latent_dim, **kwargs)
        self.num_labels, self.family, self.relaxation = num_labels, family, relaxation
        shape = [num_labels, latent_dim]
        # Labels begin apart: equal ones would get equal gradients.
        self.loc = self.add_weight(
            "loc", shape, initializer=tfk.initializers.RandomNormal(stddev=1.0)
        )
        self.raw_scale = self.add_weight("raw_scale", shape, initializer="zeros")

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (FAMILIES[self.family].noise_size(self.num_labels, self.latent_dim),)

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        logits = tf.zeros(self.num_labels)
        family = FAMILIES[self.family]
        return family(logits, self.loc, scale_of(self.raw_scale), self.relaxation)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return self.distribution().from_noise(noise, temperature)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_labels": self.num_labels,
            "family": self.family,
            "relaxation": self.relaxation,
        }
