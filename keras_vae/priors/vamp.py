"""VampPrior: the posterior's mixture over inputs that are learned."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_vae._compat import TensorLike, tf, tfd, tfk
from keras_vae.messages import conflicts
from keras_vae.ops.categorical import CHOICE_NOISE, from_normal
from keras_vae.priors.base import Prior
from keras_vae.priors.mixture import mixture

if TYPE_CHECKING:
    from keras_vae.vae import VAE


# Where pseudo-inputs of black and white begin: beyond, they hardly move.
_INSIDE = 0.05, 0.95


@tfk.saving.register_keras_serializable("keras_vae")
class VampPrior(Prior):
    """p(z) = 1/K sum_k q(z|u_k), with the model's own encoder and learned pseudo-inputs u_k.

    As the prior of a ladder's top, or of the first step of a sequence, z are those latents.

    In a conditional model each pseudo-input has a learned context of its own, so that p(z) is one
    mixture for all conditions. The model that this becomes part of hands it the encoder, whose
    posterior must have a density at any z in one pass.

    Args:
      latent_dim: D; posteriors of maps are taken flat, for a `Flattened` prior.
      num_components: K.
      unit_range: whether examples lie in [0, 1]; pseudo-inputs then do.

    References:
      Tomczak & Welling 2018, VAE with a VampPrior, eq. 9.
    """

    is_mixture = True
    made_of_posteriors = True

    def __init__(
        self, latent_dim: int, num_components: int = 500, unit_range: bool = True, **kwargs
    ):
        super().__init__(latent_dim, **kwargs)
        self.num_components, self.unit_range = num_components, unit_range
        self._frozen_parameters = None

    def bind(self, vae: "VAE") -> None:
        """Takes the encoder of `vae`, which keeps its weights, and makes pseudo-inputs for it."""
        first = vae.encoder.first
        if first is None or not first.posterior.density_in_one_pass:
            raise ValueError(
                f"{type(self).__name__} is made of {conflicts.OF_POSTERIORS}, which "
                f"{type(first.posterior if first else vae.encoder).__name__} has not. Use another "
                "prior."
            )
        # Keras must not track the encoder here too.
        object.__setattr__(self, "_encoder", first)
        self._sees_mask = vae.sees_mask
        # Pseudo-inputs begin as dark, noisy images: equal ones would long stay equal.
        dark = tfk.initializers.RandomNormal(-1.0, 1.0)
        shape = [self.num_components, *vae.event_shape]
        self.raw_inputs = self.add_weight("raw_inputs", shape, initializer=dark)
        self.contexts: tf.Variable = None  # Only conditional models have contexts.
        if vae.condition is not None:
            context_shape = vae.condition(vae.condition.zeros(1)).shape[1:]
            self.contexts = self.add_weight(
                "contexts", [self.num_components, *context_shape], initializer="zeros"
            )

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (self._encoder.noise_shape[0] + CHOICE_NOISE,)

    @property
    def pseudo_inputs(self) -> tf.Tensor:
        """u, [K, H, W, C]."""
        return tf.sigmoid(self.raw_inputs) if self.unit_range else tf.identity(self.raw_inputs)

    def begin_at(self, x: TensorLike, contexts: TensorLike | None = None) -> None:
        """Makes examples x [N, H, W, C], N up to K, with their contexts, the first pseudo-inputs.

        With a trained encoder the prior is then close to the mixture of all posteriors, which is
        what the bound wants of it (eq. 6).
        """
        if self.unit_range:
            inside = tf.clip_by_value(x, *_INSIDE)
            x = tf.math.log(inside) - tf.math.log1p(-inside)
        # Whole variables: a slice of one that replicas share can't be assigned to.
        self.raw_inputs.assign(tf.concat([x, self.raw_inputs[len(x) :]], axis=0))
        if contexts is not None:
            self.contexts.assign(tf.concat([contexts, self.contexts[len(x) :]], axis=0))

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        components = self._encoder.posterior.distribution(self._parameters())
        if components.event_shape.rank > 1:
            moments = components.mean(), components.stddev()
            loc, scale = (tf.reshape(t, [-1, self.latent_dim]) for t in moments)
            components = tfd.Independent(tfd.Normal(loc, scale), 1)
        return mixture(tf.zeros(self.num_components), components)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        noise_size = self.noise_shape[0] - CHOICE_NOISE
        flat, choice = tf.split(
            tf.reshape(noise, [-1, *self.noise_shape]), [noise_size, CHOICE_NOISE], axis=-1
        )
        k = from_normal(tf.zeros(self.num_components), choice)
        posterior = self._encoder.posterior
        q = posterior.distribution(tf.gather(self._parameters(), k))  # Batch [n].
        z, _ = posterior.from_noise(q, temperature * flat[tf.newaxis])  # [1, n, *latent_shape]
        return tf.reshape(z, tf.concat([tf.shape(noise)[:-1], [self.latent_dim]], 0))

    def moments(self, context: TensorLike | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        p = self.distribution()
        return p.mean(), p.stddev()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Inside, the posteriors' parameters are constants: draws don't need the encoder."""
        self._frozen_parameters = self._parameters().numpy()
        try:
            yield
        finally:
            self._frozen_parameters = None

    def _parameters(self):
        """The parameters of all posteriors, [K, params_size]."""
        if self._frozen_parameters is not None:
            return self._frozen_parameters
        u = self.pseudo_inputs
        if self._sees_mask:  # All values of pseudo-inputs are known.
            u = tf.concat([u, tf.ones_like(u)], axis=-1)
        return self._encoder.parameters(u, self.contexts)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_components": self.num_components,
            "unit_range": self.unit_range,
        }
