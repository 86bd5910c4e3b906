"""A prior that depends on the condition."""

from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.priors.base import Prior
from keras_vae.priors.normal import normal


@tfk.saving.register_keras_serializable("keras_vae")
class ConditionalNormal(Prior):
    """p(z|c) = N(loc(c), diag(scale(c)^2)), by a network of one hidden layer; N(0, I) at first.

    Args:
      latent_dim: D.
      hidden: units of the hidden layer.

    References:
      Sohn, Lee & Yan 2015, Learning structured output representation using deep conditional
      generative models.
    """

    needs_context = True

    def __init__(self, latent_dim: int, hidden: int = 200, **kwargs):
        super().__init__(latent_dim, **kwargs)
        self.hidden = hidden
        self.network = tfk.Sequential(
            [
                tfkl.Flatten(dtype=self.dtype),
                tfkl.Dense(hidden, "relu", dtype=self.dtype),
                tfkl.Dense(2 * latent_dim, kernel_initializer="zeros", dtype=self.dtype),
            ]
        )

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        if context is None:
            raise ValueError(
                "ConditionalNormal is p(z|c), but this model has no condition. Give the model one "
                "(condition=label), or another prior, such as LearnedNormal."
            )
        return normal(*tf.split(self.network(context), 2, axis=-1))

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        p = self.distribution(context)
        return p.mean() + temperature * p.stddev() * noise

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        p = self.distribution(context)
        return p.mean()[0], p.stddev()[0]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"hidden": self.hidden}
