"""The generative side: p(z_1) p(z_2|z_1) .. p(z_T|z_{T-1})."""

import contextlib
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.distributions import Joint
from keras_vae.ops.eager_graphs import graph_when_eager
from keras_vae.ops.shapes import batch_shape, over_samples, with_context
from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import Prior
from keras_vae.sequence.steps import at_all_steps, flat, steps_first
from keras_vae.vae import VAE


@tfk.saving.register_keras_serializable("keras_vae")
class MarkovPrior(Prior):
    """p(z_1) p(z_2|z_1) .. p(z_T|z_{T-1}), the transition the same at all steps.

    Args:
      initial: a Prior of z_1.
      transition: Keras layer, z_{t-1} [N, D] (with a context: both side by side, [N, D + K]) ->
        parameters [N, 2 D] of p(z_t|z_{t-1}), as `DiagonalNormal` has them.
      num_steps: T.
    """

    def __init__(self, initial: Prior, transition: tfkl.Layer, num_steps: int, **kwargs):
        super().__init__(num_steps * initial.latent_dim, **kwargs)
        self.initial, self.transition, self.num_steps = initial, transition, num_steps
        self.normal = DiagonalNormal(initial.latent_dim)

    @property
    def noise_sizes(self) -> tuple[int, ...]:
        """Of the noise of z_1, and of all later steps'."""
        return *self.initial.noise_shape, (self.num_steps - 1) * self.initial.latent_dim

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (sum(self.noise_sizes),)

    def bind(self, vae: VAE) -> None:
        """Lets the prior of z_1 take what it needs of `vae`."""
        self.initial.bind(vae)

    def frozen(self) -> contextlib.AbstractContextManager[None]:
        return self.initial.frozen()

    def split(self, z: TensorLike) -> tuple[tf.Tensor, tf.Tensor]:
        """z_1 [..., D] and the rest [..., (T - 1) D] of z [..., T D]."""
        first = self.initial.latent_dim
        return tf.split(z, [first, self.latent_dim - first], axis=-1)

    def transitions(self, z: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        """p(z_t|z_{t-1}) for t = 2 .. T as one normal: batch [...], event [(T - 1) D]."""
        size, count = self.initial.latent_dim, self.num_steps - 1
        if context is not None:
            context = tf.repeat(context, count, axis=0)
        return at_all_steps(lambda before: self._next(before, context), z[..., :-size], size)

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        initial = self.initial.distribution(context)

        def log_prob(z):
            first, later = self.split(z)
            return initial.log_prob(first) + self.transitions(z, context).log_prob(later)

        return Joint(
            log_prob,
            lambda noise: self.from_noise(noise, context=context),
            self.noise_shape[0],
            self.latent_dim,
            batch_shape(context),
        )

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        first, later = tf.split(noise, self.noise_sizes, axis=-1)
        z = self.initial.from_noise(first, temperature, context)
        if self.num_steps == 1:
            return z
        later = self._walk(z, later, tf.convert_to_tensor(temperature), context)
        return tf.concat([z, later], axis=-1)

    @graph_when_eager
    def _walk(self, z, noise, temperature, context):
        """z_2 .. z_T [..., (T - 1) D] from z_1 and noise of that shape."""

        def step(z, noise):
            p = self._next(z, context)
            return p.mean() + temperature * p.stddev() * noise

        return flat(tf.scan(step, steps_first(noise, self.num_steps - 1), z))

    def _next(self, z, context):
        """p(z_t|z_{t-1}), batch [...], event [D], from z_{t-1} [..., D]."""
        return self.normal.distribution(over_samples(self.transition, with_context(z, context)))

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "initial": serialize(self.initial),
            "transition": serialize(self.transition),
            "num_steps": self.num_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MarkovPrior":
        deserialize = tfk.saving.deserialize_keras_object
        return cls(
            deserialize(config["initial"]), deserialize(config["transition"]), config["num_steps"]
        )
