"""Encoders: x -> q(z|x)."""

import abc
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_vae._compat import TensorLike, check_layer, tf, tfd, tfk, tfkl
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.gradients import GradientWeight
from keras_vae.posteriors import Posterior

if TYPE_CHECKING:
    from keras_vae.vae import VAE


class FirstLatents:
    """The posterior of the latents that are drawn first: a VampPrior takes it at its inputs.

    Args:
      posterior: a `posteriors.Posterior`.
      parameters: (x, context) -> its parameters [B, *params_shape].
    """

    def __init__(self, posterior: Posterior, parameters: Callable):
        self.posterior, self.parameters = posterior, parameters
        self.noise_shape = posterior.noise_shape


class AbstractEncoder(Float32, tfk.Model, abc.ABC):
    """What a VAE asks of its encoder.

    Attributes:
      has_density: whether log q(z|x) exists.
      has_bound: whether a model with it has a bound on log p(x).
      trains_prior: whether the prior trains with the model; else it is fitted to the codes
        afterwards.
      exact_kl: whether the rate is a sum of KLs that are exact where TFP has them.
      sees_x: whether z depends on x at all.
      posterior: the `Posterior` of all latents; None where they are of several layers or steps.
      first: the `FirstLatents`; None where those that are drawn first depend on no x.
    """

    has_density = True
    has_bound = True
    trains_prior = True
    exact_kl = True
    sees_x = True
    first: FirstLatents | None = None
    posterior: Posterior | None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # This can't be a class attribute: Keras tracks no layer by the name of one.
        self.posterior = None

    @property
    @abc.abstractmethod
    def noise_shape(self) -> tuple[int, ...]:
        """(N,), the shape of the standard normal noise that one z needs."""

    def bind(self, vae: "VAE") -> None:
        """Takes what the encoder needs of the `vae` that it becomes part of: here nothing."""

    @abc.abstractmethod
    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        """q(z|x, context), batch [B], event *latent_shape; context is [B, ...] or None."""

    @abc.abstractmethod
    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        """z [S, B, *latent_shape] made from noise [S, B, *noise_shape]."""

    def infer(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None = None,
        weight: GradientWeight | None = None,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor | None]:
        """(q, z, log q(z|x)): the posterior, z [S, B, *latent_shape] made from noise, its density.

        Args:
          x: [B, H, W, C].
          noise: standard normal, [S, B, *noise_shape].
          context: [B, ...] or None.
          weight: None, or a `GradientWeight` to put on z; log q then has its parameters stopped,
            for the gradients "stl" and "dreg".

        Raises:
          ValueError: a weight is given, and the encoder doesn't say how parameters are stopped.
        """
        if weight is not None:
            raise ValueError(
                f"{type(self).__name__} has no log q with its parameters stopped, which the "
                "gradients stl and dreg need. Write its infer(x, noise, context, weight), or use "
                "the plain gradient."
            )
        q, z = self(x, context), self.draw(x, noise, context)
        return q, z, q.log_prob(z) if self.has_density else None


@tfk.saving.register_keras_serializable("keras_vae")
class Encoder(AbstractEncoder):
    """A network body, a linear projection, and a posterior.

    Args:
      network: Keras layer or model, x [B, H, W, C] -> features of any shape; for a posterior of
        maps [h, w, d], features [B, h, w, F].
      posterior: a `posteriors.Posterior`.
    """

    posterior: Posterior

    def __init__(self, network: tfkl.Layer, posterior: Posterior, **kwargs):
        super().__init__(**kwargs)
        check_layer("network", network)
        self.network, self.posterior = network, posterior
        self.flatten = tfkl.Flatten(dtype=self.dtype)
        self.has_density = posterior.has_density
        self.has_bound, self.trains_prior = posterior.has_bound, posterior.trains_prior
        self.first = FirstLatents(posterior, self.parameters)
        self.projection = tfkl.Dense(posterior.params_size, dtype=self.dtype)
        self.context_map: tfkl.Layer | None = None  # Made when the first context comes.

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return self.posterior.noise_shape

    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        return self.posterior(self.parameters(x, context))

    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        return self.infer(x, noise, context)[1]

    def infer(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None = None,
        weight: GradientWeight | None = None,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor | None]:
        params = self.parameters(x, context)
        q = self.posterior(params)
        z, log_q = self.posterior.from_noise(q, noise)
        if weight is not None:
            z = weight.apply(z)
            log_q = self.posterior.stopped_log_prob(params, z)
        return q, z, log_q

    def parameters(self, x: TensorLike, context: TensorLike | None = None) -> tf.Tensor:
        """The posterior's parameters, [B, *params_shape]."""
        if context is not None:
            x = self._beside(x, context)
        features, places = self.network(x), self.posterior.latent_shape[:-1]
        if not places:
            return self.projection(self.flatten(features))
        if tuple(features.shape[1:-1]) != places:
            raise ValueError(
                f"encoder network gave features of shape {tuple(features.shape[1:])}; wanted "
                f"{(*places, 'any')} for latents of shape {self.posterior.latent_shape}."
            )
        return self.projection(features)

    def _beside(self, x, context):
        """x [B, H, W, C] with the context as further channels.

        A context that is an image stays one; any other becomes one channel, by a linear map.
        """
        size = x.shape[1:-1]
        if context.shape[1:-1] != size:
            if self.context_map is None:
                self.context_map = tfkl.Dense(math.prod(size), use_bias=False, dtype=self.dtype)
            context = self.context_map(self.flatten(context))
            context = tf.reshape(context, [-1, *size, 1])
        return tf.concat([x, context], axis=-1)

    def get_build_config(self) -> None:
        """None: Keras would build it again by a call without the context."""

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {"network": serialize(self.network), "posterior": serialize(self.posterior)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Encoder":
        return cls(**{k: tfk.saving.deserialize_keras_object(v) for k, v in config.items()})


@tfk.saving.register_keras_serializable("keras_vae")
class PriorEncoder(AbstractEncoder):
    """No encoder: q(z|x) is the prior, from which plain Monte Carlo draws its samples.

    The model that it becomes part of hands it the prior.
    """

    sees_x = False

    def bind(self, vae: "VAE") -> None:
        """Takes the prior of `vae`, to which its weights belong."""
        object.__setattr__(self, "_prior", vae.prior)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return self._prior.noise_shape

    def build(self, input_shape: tf.TensorShape) -> None:
        self.built = True  # Keras' own build would call it, before there is a prior.

    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        """p(z|context), batch [B], event [D]."""
        p = self._prior.distribution(context)
        return tfd.BatchBroadcast(p, tf.shape(x)[:1])

    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        return self._prior.from_noise(noise, context=context)

    def infer(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None = None,
        weight: GradientWeight | None = None,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor | None]:
        """(q, z, log q(z)); see `Encoder`.

        `weight` is ignored: q is the prior, whose gradient must stay as it is, so every estimator
        is the plain one here.
        """
        del weight
        z = self.draw(x, noise, context)
        return self(x, context), z, self._prior.distribution(context).log_prob(z)

    def get_config(self) -> dict[str, Any]:
        return {}
