"""The generative side: p(z_1|z_2) .. p(z_L), from the top down."""

import abc
import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.distributions import Joint
from keras_vae.hierarchical.walk import given, joined, log_probs
from keras_vae.ops.dtype_policy import Float32
from keras_vae.ops.shapes import batch_shape, over_samples, shaped, with_context
from keras_vae.posteriors.normal import diagonal_normal
from keras_vae.priors import Prior
from keras_vae.vae import VAE


class Path(NamedTuple):
    """One way through all layers, from the top down.

    Attributes:
      priors: p(z_l|above) of each layer, z_1's first.
      parts: z_l of each, [..., *latent_shape_l].
      z: all of them, [..., D].
      state: what the decoder reads, [..., F] or a map.
    """

    priors: list[tfd.Distribution]
    parts: list[tf.Tensor]
    z: tf.Tensor
    state: tf.Tensor


class AbstractBlock(Float32, tfkl.Layer, abc.ABC):
    """One stochastic layer below the top, p(z_l|above).

    Training, scoring and sampling all go through `descend`.

    Args:
      latent_shape: of z_l.
    """

    def __init__(self, latent_shape: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.latent_shape = tuple(latent_shape)

    @abc.abstractmethod
    def descend(
        self, state: tf.Tensor, choose: Callable, context: TensorLike | None = None
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        """(p(z_l|above), z_l, state below).

        Args:
          state: the state below the layer above, [..., F] or a map; below the top it is z_L.
          choose: (p, what p was made of) -> z_l [..., *latent_shape].
          context: [B, ...] or None.
        """


@tfk.saving.register_keras_serializable("keras_vae")
class TopDownBlock(AbstractBlock):
    """A block of dense layers.

    Args:
      network: body, state of the layer above [N, F] -> features [N, G].
      latent_dim: D_l.
      skip: whether the state below has the features beside z_l. They are a deterministic path
        around the latents, without which many layers are hard to train (Maaloe et al. 2019, BIVA,
        section 2).
    """

    def __init__(self, network: tfkl.Layer, latent_dim: int, skip: bool = False, **kwargs):
        super().__init__((latent_dim,), **kwargs)
        self.network, self.latent_dim, self.skip = network, latent_dim, skip
        self.projection = tfkl.Dense(2 * latent_dim, dtype=self.dtype)

    def descend(
        self, state: tf.Tensor, choose: Callable, context: TensorLike | None = None
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        features = over_samples(self.network, with_context(state, context))
        p = diagonal_normal(self.projection(features))
        z = choose(p, features)
        return p, z, tf.concat([z, features], axis=-1) if self.skip else z

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
      blocks: `AbstractBlock`s of z_1 .. z_{L-1}.
      top: a Prior of z_L.

    Attributes:
      latent_shapes: of z_1 .. z_L.
      latent_dims: D_1 .. D_L, how many values each has.
    """

    def __init__(self, blocks: Sequence[AbstractBlock], top: Prior, **kwargs):
        latent_shapes = (*(block.latent_shape for block in blocks), top.latent_shape)
        latent_dims = tuple(math.prod(shape) for shape in latent_shapes)
        super().__init__(sum(latent_dims), **kwargs)
        self.blocks, self.top = blocks, top
        self.latent_shapes, self.latent_dims = latent_shapes, latent_dims
        self.has_layers_of_maps = any(len(shape) > 1 for shape in latent_shapes)

    @property
    def noise_sizes(self) -> tuple[int, ...]:
        """The size of each layer's noise, z_1's first."""
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
        """Goes from the top down, where choose(l, p(z_l|above), state) gives z_l; l counts from 0.

        The state is what p(z_l|above) was made of; the top's is None.
        """
        top = len(self.blocks)
        p = self.top.distribution(context)
        state = choose(top, p, None)
        priors, parts = [p], [state]
        for layer in reversed(range(top)):
            p, z, state = self.blocks[layer].descend(
                state, functools.partial(choose, layer), context
            )
            priors.insert(0, p)
            parts.insert(0, z)
        return Path(priors, parts, joined(parts, self.latent_shapes), state)

    def at(self, z: TensorLike, context: TensorLike | None = None) -> Path:
        """The path that leads to z [..., D]."""
        return self.walk(given(z, self.latent_shapes), context)

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
        num_layers: TensorLike | int,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> Path:
        """The path to z [..., D] with its lowest `num_layers` layers drawn anew.

        The layers above are kept. Other arguments are as in `from_noise`.
        """
        kept, drawn = given(z, self.latent_shapes), self.drawn(noise, temperature, context)

        def choose(layer, p, state):
            return tf.where(layer < num_layers, drawn(layer, p, state), kept(layer, p, state))

        return self.walk(choose, context)

    def drawn(
        self,
        noise: TensorLike,
        temperature: TensorLike | float = 1.0,
        context: TensorLike | None = None,
    ) -> Callable:
        """The `choose` that draws from each layer's p by noise; arguments as in `from_noise`.

        The temperature may have a value for each layer, [L].
        """
        parts = tf.split(noise, self.noise_sizes, axis=-1)
        temperatures = tf.unstack(tf.broadcast_to(tf.cast(temperature, tf.float32), [len(parts)]))

        def choose(layer, p, state):
            if layer == len(self.blocks):
                return self.top.from_noise(parts[layer], temperatures[layer], context)
            noise = shaped(parts[layer], self.latent_shapes[layer])
            return p.mean() + temperatures[layer] * p.stddev() * noise

        return choose

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {"blocks": [serialize(b) for b in self.blocks], "top": serialize(self.top)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LayeredPrior":
        deserialize = tfk.saving.deserialize_keras_object
        return cls([deserialize(b) for b in config["blocks"]], deserialize(config["top"]))
