"""A prior of standardized codes, whose mean and scale are taken out before it is fitted."""

from typing import Any

import numpy as np

from keras_vae._compat import TensorLike, tf, tfb, tfd, tfk
from keras_vae.ops.untuned import untuned
from keras_vae.priors.base import Prior


@tfk.saving.register_keras_serializable("keras_vae")
class Standardized(Prior):
    """p(z) of z = loc + scale * u, with another prior of u.

    Args:
      prior: of u, such as a flow, which knows best what is near N(0, I).
    """

    def __init__(self, prior: Prior, **kwargs):
        super().__init__(prior.latent_dim, trainable=False, **kwargs)
        self.prior = prior
        self.loc = self.add_weight("loc", [self.latent_dim], initializer="zeros")
        self.scale = self.add_weight("scale", [self.latent_dim], initializer="ones")

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return self.prior.noise_shape

    def fit(
        self, codes: TensorLike, seed: int = 0, epochs: int = 100, batch_size: int = 128
    ) -> None:
        """Makes codes [N, D] likely: their moments first, then the prior of u by Adam."""
        codes = np.asarray(codes, np.float32)
        # A latent that never moves must not be divided by zero.
        scale = np.maximum(codes.std(axis=0), 1e-3)
        self.loc.assign(codes.mean(axis=0))
        self.scale.assign(scale)
        standard = tf.constant((codes - self.loc.numpy()) / scale)
        model = _Density(self.prior)
        model.compile(
            optimizer=tfk.optimizers.Adam(
                tfk.optimizers.schedules.CosineDecay(1e-3, epochs * -(-len(codes) // batch_size))
            )
        )
        rows = tf.data.Dataset.range(len(codes)).shuffle(len(codes), seed=seed).batch(batch_size)
        rows = rows.map(lambda i: tf.gather(standard, i))
        model.fit(untuned(rows), epochs=epochs, verbose=0)

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        affine = tfb.Chain([tfb.Shift(self.loc), tfb.Scale(self.scale)])
        return tfd.TransformedDistribution(self.prior.distribution(context), affine)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return self.loc + self.scale * self.prior.from_noise(noise, temperature, context)

    def get_config(self) -> dict[str, Any]:
        return {"prior": tfk.saving.serialize_keras_object(self.prior)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Standardized":
        return cls(tfk.saving.deserialize_keras_object(config["prior"]))


class _Density(tfk.Model):
    """What Keras trains of a prior: -log p(u)."""

    def __init__(self, prior: Prior):
        super().__init__()
        self.prior = prior

    def train_step(self, u: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self.prior.distribution().log_prob(u))
        variables = self.prior.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}
