"""The two directions of inference, q(z_1 .. z_L|x) from the bottom up and as a ladder; and none."""

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.distributions import Joint
from keras_vae.encoder import AbstractEncoder, FirstLatents, PriorEncoder
from keras_vae.hierarchical.prior import LayeredPrior, Path
from keras_vae.hierarchical.walk import given, log_probs
from keras_vae.messages import conflicts
from keras_vae.ops.shapes import over_samples, with_context
from keras_vae.posteriors import Posterior
from keras_vae.vae import VAE


class LayeredEncoder(AbstractEncoder):
    """q(z_1 .. z_L|x) of a `HierarchicalVAE`, which hands it the prior.

    Args:
      networks: body of each layer, what is below [N, F] -> features [N, G]; x [N, H W C] is below
        the first.
      posteriors: a `posteriors.Posterior` of each layer.

    Attributes:
      exact_kl: whether the rate is the sum of each layer's KL, given the layers above.
      first: the `FirstLatents`, where the top layer's q(z_L|x) depends on no other.
    """

    def __init__(self, networks: Sequence[tfkl.Layer], posteriors: Sequence[Posterior], **kwargs):
        super().__init__(**kwargs)
        self.networks, self.posteriors = networks, posteriors
        self.latent_dims = tuple(q.latent_dim for q in posteriors)
        self.projections = [tfkl.Dense(q.params_size) for q in posteriors]
        self.noise_sizes = [q.noise_shape[0] for q in posteriors]

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (sum(self.noise_sizes),)

    def bind(self, vae: VAE) -> None:
        """Takes the prior of `vae`, to which its weights belong."""
        if not isinstance(vae.prior, LayeredPrior):
            raise ValueError(
                f"prior must be a LayeredPrior beside a {type(self).__name__}, got "
                f"{type(vae.prior).__name__}."
            )
        object.__setattr__(self, "_prior", vae.prior)

    @abc.abstractmethod
    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        """(q of each layer given those before it on the way, Path of the prior).

        Args:
          x: [B, H, W, C].
          choose: (l, q) -> z_l [S, B, D_l]; l counts from 0.
          context: [B, ...] or None.
        """

    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        def log_prob(z):
            q, path = self.walk(x, given(z, self.latent_dims), context)
            return tf.reduce_sum(log_probs(q, path.parts), axis=0)

        size = self.noise_shape[0]
        return Joint(
            log_prob,
            lambda noise: self.draw(x, noise, context),
            size,
            sum(self.latent_dims),
            tf.shape(x)[:1],
        )

    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        return self.walk(x, self.drawn(noise, context), context)[1].z

    def drawn(self, noise: TensorLike, context: TensorLike | None = None) -> Callable:
        """Chooses draws of each layer's q by noise [..., *noise_shape]."""
        del context  # The q's have it.
        parts = tf.split(noise, self.noise_sizes, axis=-1)
        return lambda layer, q: self.posteriors[layer].from_noise(q, parts[layer])[0]

    def _look(self, layer, below, context):
        """(features, parameters of the posterior that they give) of a layer."""
        features = over_samples(self.networks[layer], with_context(below, context))
        return features, self.projections[layer](features)

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "networks": [serialize(network) for network in self.networks],
            "posteriors": [serialize(q) for q in self.posteriors],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LayeredEncoder":
        deserialize = tfk.saving.deserialize_keras_object
        return cls(*([deserialize(p) for p in config[k]] for k in ("networks", "posteriors")))


@tfk.saving.register_keras_serializable("keras_vae")
class BottomUpEncoder(LayeredEncoder):
    """q(z_1|x) q(z_2|z_1) .. q(z_L|z_{L-1}) (Burda et al. 2016, eq. 2)."""

    def __init__(self, networks: Sequence[tfkl.Layer], posteriors: Sequence[Posterior], **kwargs):
        super().__init__(networks, posteriors, **kwargs)
        self.exact_kl = len(posteriors) == 1

    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        posteriors, parts, below = [], [], _flat(x)
        for layer in range(len(self.latent_dims)):
            _, params = self._look(layer, below, context)
            q = self.posteriors[layer].distribution(params)
            below = choose(layer, q)
            posteriors.append(q)
            parts.append(below)
        return posteriors, self._prior.walk(lambda layer, p: parts[layer], context)


@tfk.saving.register_keras_serializable("keras_vae")
class LadderEncoder(LayeredEncoder):
    """q(z_L|x) q(z_{L-1}|z_L, x) .. q(z_1|z_2, x) (Sonderby et al. 2016, section 2.1).

    A deterministic pass from the bottom up estimates each layer from x; on the way down, each
    layer's estimate is merged with p(z_l|above): all are diagonal normals.
    """

    exact_kl = True

    def __init__(self, networks: Sequence[tfkl.Layer], posteriors: Sequence[Posterior], **kwargs):
        super().__init__(networks, posteriors, **kwargs)
        if others := {type(q).__name__ for q in posteriors if not q.is_diagonal}:
            raise ValueError(
                f"{type(self).__name__} with {min(others)}: {conflicts.LADDER}. Use DiagonalNormal."
            )
        self.first = FirstLatents(posteriors[-1], lambda x, context: self._look_up(x, context)[-1])

    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        # For the highest layer this product is q itself.
        posteriors = [
            q.distribution(params)
            for q, params in zip(self.posteriors, self._look_up(x, context), strict=True)
        ]

        def infer(layer, p):
            if layer < len(self._prior.blocks):
                posteriors[layer] = self._prior.blocks[layer].posterior(p, posteriors[layer])
            return choose(layer, posteriors[layer])

        path = self._prior.walk(infer, context)
        return posteriors, path

    def _look_up(self, x, context):
        """Parameters of what x says of each layer, the lowest first."""
        estimates, below = [], _flat(x)
        for layer in range(len(self.latent_dims)):
            below, params = self._look(layer, below, context)
            estimates.append(params)
        return estimates


@tfk.saving.register_keras_serializable("keras_vae")
class LayeredPriorEncoder(PriorEncoder):
    """No encoder: q(z_1 .. z_L) is the prior."""

    exact_kl = False  # Each draw has it: 0.

    def drawn(self, noise: TensorLike, context: TensorLike | None = None) -> Callable:
        """As of a `LayeredEncoder`."""
        return self._prior.drawn(noise, context=context)

    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        """As of a `LayeredEncoder`."""
        del x
        path = self._prior.walk(choose, context)
        return path.priors, path


def _flat(x):
    return tf.reshape(x, [tf.shape(x)[0], math.prod(x.shape[1:])])
