"""The generative side: p(z_1|z_2) .. p(z_L), from the top down."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.distributions import Joint
from keras_vae.hierarchical.walk import given, log_probs
from keras_vae.ops.shapes import batch_shape, over_samples, with_context
from keras_vae.posteriors.normal import diagonal_normal
from keras_vae.priors import Prior
from keras_vae.vae import VAE


class Path(NamedTuple):
    """One way through all layers, from the top down.

    Attributes:
      priors: p(z_l|above) of each layer, z_1's first.
      parts: z_l of each, [..., D_l].
      state: what the decoder sees of them, [..., F].
    """

    priors: list[tfd.Distribution]
    parts: list[tf.Tensor]
    state: tf.Tensor

    @property
    def z(self) -> tf.Tensor:
        """All latents, [..., D]."""
        return tf.concat(self.parts, axis=-1)


@tfk.saving.register_keras_serializable("keras_vae")
class TopDownBlock(tfkl.Layer):
    """One stochastic layer below the top: p(z_l|above), and q(z_l|above, x) as a ladder has it.

    Training, scoring and sampling all go through `descend`.

    Args:
      network: body, state of the layer above [N, F] -> features [N, G].
      latent_dim: D_l.
      skip: whether what lies below sees the features beside z_l: a deterministic path around the
        latents, without which many layers are hard to train (Maaloe et al. 2019, BIVA, section 2).
    """

    def __init__(self, network: tfkl.Layer, latent_dim: int, skip: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.network, self.latent_dim, self.skip = network, latent_dim, skip
        self.projection = tfkl.Dense(2 * latent_dim)

    def descend(
        self, state: tf.Tensor, choose: Callable, context: TensorLike | None = None
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        """(p(z_l|above), z_l, state below).

        Args:
          state: what the layer above leaves, [..., F].
          choose: p -> z_l [..., D_l].
          context: [B, ...] or None.
        """
        features = over_samples(self.network, with_context(state, context))
        p = diagonal_normal(self.projection(features))
        z = choose(p)
        return p, z, tf.concat([z, features], axis=-1) if self.skip else z

    @staticmethod
    def posterior(p: tfd.Distribution, estimate: tfd.Distribution) -> tfd.Distribution:
        """q(z_l|above, x), the normal in proportion to p(z_l|above) times what x says of z_l.

        Precisions add up and means are weighed by them (Sonderby et al. 2016, eq. 17 to 19).
        """
        of_p, of_x = (tf.math.reciprocal(d.variance()) for d in (p, estimate))
        loc = (of_p * p.mean() + of_x * estimate.mean()) / (of_p + of_x)
        return tfd.Independent(tfd.Normal(loc, tf.math.rsqrt(of_p + of_x)), 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "network": tfk.saving.serialize_keras_object(self.network),
            "latent_dim": self.latent_dim,
            "skip": self.skip,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TopDownBlock":
        return cls(**config | {"network": tfk.saving.deserialize_keras_object(config["network"])})


@tfk.saving.register_keras_serializable("keras_vae")
class LayeredPrior(Prior):
    """p(z_1|z_2) .. p(z_{L-1}|z_L) p(z_L) of z = [z_1, .., z_L].

    Args:
      blocks: `TopDownBlock`s of z_1 .. z_{L-1}.
      top: a Prior of z_L.

    Attributes:
      latent_dims: D_1 .. D_L.
    """

    def __init__(self, blocks: Sequence[TopDownBlock], top: Prior, **kwargs):
        latent_dims = (*(block.latent_dim for block in blocks), top.latent_dim)
        super().__init__(sum(latent_dims), **kwargs)
        self.blocks, self.top, self.latent_dims = blocks, top, latent_dims

    @property
    def noise_sizes(self) -> tuple[int, ...]:
        """Of each layer's noise, z_1's first."""
        return *self.latent_dims[:-1], *self.top.noise_shape

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (sum(self.noise_sizes),)

    def bind(self, vae: VAE) -> None:
        """Lets the top take what it needs of `vae`."""
        self.top.bind(vae)

    def frozen(self) -> contextlib.AbstractContextManager[None]:
        return self.top.frozen()

    def walk(self, choose: Callable, context: TensorLike | None = None) -> Path:
        """Goes from the top down, where choose(l, p(z_l|above)) gives z_l; l counts from 0."""
        top = len(self.blocks)
        p = self.top.distribution(context)
        state = choose(top, p)
        priors, parts = [p], [state]
        for layer in reversed(range(top)):
            p, z, state = self.blocks[layer].descend(
                state, lambda p, layer=layer: choose(layer, p), context
            )
            priors.insert(0, p)
            parts.insert(0, z)
        return Path(priors, parts, state)

    def at(self, z: TensorLike, context: TensorLike | None = None) -> Path:
        """The path that leads to z [..., D]."""
        return self.walk(given(z, self.latent_dims), context)

    def distribution(self, context: TensorLike | None = None) -> tfd.Distribution:
        def log_prob(z):
            path = self.at(z, context)
            return tf.reduce_sum(log_probs(path.priors, path.parts), axis=0)

        return Joint(
            log_prob,
            lambda noise: self.from_noise(noise, context=context),
            self.noise_shape[0],
            self.latent_dim,
            batch_shape(context),
        )

    def path(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> Path:
        """The path that noise leads to; arguments are as in `from_noise`."""
        return self.walk(self.drawn(noise, temperature, context), context)

    def from_noise(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        return self.path(noise, temperature, context).z

    def redraw(
        self,
        z: TensorLike,
        num_layers: int,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> tf.Tensor:
        """z [..., D] with its lowest `num_layers` layers drawn anew; those above are kept.

        Other arguments are as in `from_noise`.
        """
        kept, drawn = given(z, self.latent_dims), self.drawn(noise, temperature, context)

        def choose(layer, p):
            return (drawn if layer < num_layers else kept)(layer, p)

        return self.walk(choose, context).z

    def drawn(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> Callable:
        """Chooses draws of each layer's p by noise; arguments are as in `from_noise`."""
        parts = tf.split(noise, self.noise_sizes, axis=-1)

        def choose(layer, p):
            if layer == len(self.blocks):
                return self.top.from_noise(parts[layer], temperature, context)
            return p.mean() + temperature * p.stddev() * parts[layer]

        return choose

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {"blocks": [serialize(b) for b in self.blocks], "top": serialize(self.top)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LayeredPrior":
        deserialize = tfk.saving.deserialize_keras_object
        return cls([deserialize(b) for b in config["blocks"]], deserialize(config["top"]))
