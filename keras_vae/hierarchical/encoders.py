"""Encoders q(z_1 .. z_L|x): from the bottom up, as a ladder, or the prior in place of one."""

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
from keras_vae.ops.bounded import bounded
from keras_vae.ops.positive import raw_of
from keras_vae.ops.shapes import over_samples, with_context
from keras_vae.posteriors import Posterior
from keras_vae.vae import VAE


class LayeredEncoder(AbstractEncoder):
    """q(z_1 .. z_L|x) of a `HierarchicalVAE`, which hands it the prior.

    Args:
      networks: body of each layer, the layer below [N, F] -> features [N, G]. The first body reads
        x [N, H W C].
      posteriors: a `posteriors.Posterior` of each layer.

    Attributes:
      exact_kl: whether the rate is the sum of each layer's KL, given the layers above.
      first: the `FirstLatents`, where the top layer's q(z_L|x) depends on no other layer.
    """

    def __init__(self, networks: Sequence[tfkl.Layer], posteriors: Sequence[Posterior], **kwargs):
        super().__init__(**kwargs)
        self.networks, self.posteriors = networks, posteriors
        self.latent_shapes = tuple(q.latent_shape for q in posteriors)
        self.noise_sizes = [q.noise_shape[0] for q in posteriors]

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (sum(self.noise_sizes),)

    def bind(self, vae: VAE) -> None:
        """Takes the prior of `vae`; the prior's weights remain those of `vae`."""
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
          choose: (l, q, state above) -> z_l [S, B, *latent_shape_l]; l counts from 0.
          context: [B, ...] or None.
        """

    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        def log_prob(z):
            q, path = self.walk(x, given(z, self.latent_shapes), context)
            return tf.reduce_sum(log_probs(q, path.parts), axis=0)

        size = self.noise_shape[0]
        return Joint(
            log_prob,
            lambda noise: self.draw(x, noise, context),
            size,
            sum(math.prod(shape) for shape in self.latent_shapes),
            tf.shape(x)[:1],
        )

    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        return self.walk(x, self.drawn(noise, context), context)[1].z

    def drawn(self, noise: TensorLike, context: TensorLike | None = None) -> Callable:
        """The `choose` that draws from each layer's q by noise [..., *noise_shape]."""
        del context  # The q's already depend on it.
        parts = tf.split(noise, self.noise_sizes, axis=-1)
        return lambda layer, q, state: self.posteriors[layer].from_noise(q, parts[layer])[0]

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "networks": [serialize(network) for network in self.networks],
            "posteriors": [serialize(q) for q in self.posteriors],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LayeredEncoder":
        deserialize = tfk.saving.deserialize_keras_object
        return cls(**{name: [deserialize(p) for p in parts] for name, parts in config.items()})


@tfk.saving.register_keras_serializable("keras_vae")
class BottomUpEncoder(LayeredEncoder):
    """q(z_1|x) q(z_2|z_1) .. q(z_L|z_{L-1}) (Burda et al. 2016, eq. 2)."""

    def __init__(self, networks: Sequence[tfkl.Layer], posteriors: Sequence[Posterior], **kwargs):
        super().__init__(networks, posteriors, **kwargs)
        self.projections = [tfkl.Dense(q.params_size, dtype=self.dtype) for q in posteriors]
        self.exact_kl = len(posteriors) == 1

    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        posteriors, parts, below = [], [], _flat(x)
        for layer in range(len(self.posteriors)):
            features = over_samples(self.networks[layer], with_context(below, context))
            q = self.posteriors[layer].distribution(self.projections[layer](features))
            below = choose(layer, q, None)
            posteriors.append(q)
            parts.append(below)
        return posteriors, self._prior.walk(lambda layer, p, state: parts[layer], context)


@tfk.saving.register_keras_serializable("keras_vae")
class LadderEncoder(LayeredEncoder):
    """q(z_L|x) q(z_{L-1}|z_L, x) .. q(z_1|z_2, x) (Sonderby et al. 2016, section 2.1).

    A deterministic pass from the bottom up gives features of x for each layer. On the way down they
    meet the state that p(z_l|above) was made of. All q are diagonal normals.

    Args:
      networks: body of each layer, the layer below -> features. Bodies of flat layers are [N, F] ->
        [N, G], and each reads the condition. With maps, only the first body reads it, beside
        x [N, H, W, C].
      posteriors: a `posteriors.DiagonalNormal` of each layer.
      merges: for each layer but the top, features of x beside the state that p was made of ->
        parameters of a normal, the change from p to q: see `changed`. Without merges, q is
        proportional to p times what x says of z_l: see `product`.
    """

    exact_kl = True

    def __init__(
        self,
        networks: Sequence[tfkl.Layer],
        posteriors: Sequence[Posterior],
        merges: Sequence[tfkl.Layer] = (),
        **kwargs,
    ):
        super().__init__(networks, posteriors, **kwargs)
        if others := {type(q).__name__ for q in posteriors if not q.is_diagonal}:
            raise ValueError(
                f"{type(self).__name__} with {min(others)}: {conflicts.LADDER}. Use DiagonalNormal."
            )
        self.merges = merges
        # Only layers without a merge have a projection.
        self.projections = [_says_little(q) for q in posteriors[len(merges) : -1]]
        self.projections.append(tfkl.Dense(posteriors[-1].params_size, dtype=self.dtype))
        self.first = FirstLatents(posteriors[-1], lambda x, context: self.look_up(x, context)[-1])

    def walk(
        self, x: TensorLike, choose: Callable, context: TensorLike | None = None
    ) -> tuple[list[tfd.Distribution], Path]:
        found, posteriors = self.look_up(x, context), list(self.posteriors)

        def infer(layer, p, state):
            posteriors[layer] = self.infer_layer(layer, found, p, state)
            return choose(layer, posteriors[layer], state)

        path = self._prior.walk(infer, context)
        return posteriors, path

    def look_up(self, x: TensorLike, context: TensorLike | None = None) -> list[tf.Tensor]:
        """What x says of each layer, the lowest first: a merge's features, or a normal's params."""
        is_map = len(self.latent_shapes[0]) > 1
        found, below = [], with_context(x, context, 3) if is_map else _flat(x)
        for layer, network in enumerate(self.networks):
            below = tf.cast(network(below if is_map else with_context(below, context)), tf.float32)
            own = layer - len(self.merges)
            found.append(below if own < 0 else self._kept(self.projections[own](below)))
        return found

    def _kept(self, params):
        """Parameters of a normal: those of maps are bounded."""
        return bounded(params) if len(self.latent_shapes[0]) > 1 else params

    def infer_layer(
        self,
        layer: int,
        found: Sequence[tf.Tensor],
        p: tfd.Distribution,
        state: tf.Tensor | None,
    ) -> tfd.Distribution:
        """q(z_l|above, x).

        Args:
          layer: l, from 0.
          found: what x says of each layer, of `look_up`.
          p: p(z_l|above).
          state: what p was made of; the top's is None.
        """
        posterior, of_x = self.posteriors[layer], found[layer]
        if layer < len(self.merges):
            shape = tf.concat([tf.shape(state)[:-1], of_x.shape[-1:]], 0)
            both = tf.concat([state, tf.broadcast_to(of_x, shape)], axis=-1)
            params = over_samples(self.merges[layer], both, len(self.latent_shapes[layer]))
            return changed(p, posterior.distribution(self._kept(params)))
        q = posterior.distribution(of_x)
        return q if layer == len(self.posteriors) - 1 else product(p, q)

    def get_config(self) -> dict[str, Any]:
        merges = [tfk.saving.serialize_keras_object(merge) for merge in self.merges]
        return super().get_config() | {"merges": merges}


def _says_little(q):
    """The projection to what x says of z_l, parameters of `q`, which `product` multiplies with p.

    In maps it says little at first, by a scale of 3. At p's own scale of 1 the KL of thousands of
    latents is large at once, and p becomes so narrow that float32 can't tell z from its mean.
    """
    if len(q.latent_shape) == 1:
        return tfkl.Dense(q.params_size, dtype=q.dtype)
    half = q.params_size // 2
    return tfkl.Dense(
        q.params_size,
        dtype=q.dtype,
        bias_initializer=tfk.initializers.Constant([0.0] * half + [float(raw_of(3.0))] * half),
    )


def changed(p: tfd.Distribution, change: tfd.Distribution) -> tfd.Distribution:
    """q, whose mean and scale are those of `change` in units of p; all are diagonal normals.

    However narrow p becomes, KL(q || p) is KL(change || N(0, I)). So a narrow p makes no rate
    explode (Vahdat & Kautz 2020, NVAE, section 3.2).
    """
    loc, scale = p.mean() + p.stddev() * change.mean(), p.stddev() * change.stddev()
    return tfd.Independent(tfd.Normal(loc, scale), p.event_shape.rank)


def product(p: tfd.Distribution, estimate: tfd.Distribution) -> tfd.Distribution:
    """The normal proportional to p(z_l|above) times what x says of z_l, both diagonal.

    Precisions add up and weigh the means (Sonderby et al. 2016, eq. 17 to 19).
    """
    of_p, of_x = (tf.math.reciprocal(d.variance()) for d in (p, estimate))
    loc = (of_p * p.mean() + of_x * estimate.mean()) / (of_p + of_x)
    normal = tfd.Normal(loc, tf.math.rsqrt(of_p + of_x))
    return tfd.Independent(normal, p.event_shape.rank)


@tfk.saving.register_keras_serializable("keras_vae")
class LayeredPriorEncoder(PriorEncoder):
    """No encoder: q(z_1 .. z_L) is the prior."""

    exact_kl = False  # No closed form is needed: the KL of each draw is exactly 0.

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
