"""The inference side: q(z_1|x) q(z_2|z_1, x) .. q(z_T|z_{T-1}, x)."""

import math
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.distributions import Joint
from keras_vae.encoder import AbstractEncoder, FirstLatents
from keras_vae.ops.eager_graphs import graph_when_eager
from keras_vae.ops.gradients import GradientWeight, without_weights
from keras_vae.ops.shapes import over_samples, with_context
from keras_vae.posteriors import DiagonalNormal
from keras_vae.sequence.steps import at_all_steps, flat, steps_first


@tfk.saving.register_keras_serializable("keras_vae")
class MarkovEncoder(AbstractEncoder):
    """q(z_t|z_{t-1}, h_t) at each step, where h_t are a network's features of x.

    A smoother's h_t depends on all of x, or on x_t and the steps after it. Both are as good: given
    z_{t-1}, z_t doesn't depend on earlier steps (Krishnan et al. 2017, section 4). A filter's h_t
    depends on x_1 .. x_t.

    Args:
      network: Keras layer or model, x [B, T, W, C] -> h [B, T, F].
      combiner: Keras layer, z_{t-1} and h_t side by side [N, D + F] (with a context, [N, D + F +
        K]) -> parameters [N, 2 D] of q(z_t|z_{t-1}, h_t), as `DiagonalNormal` has them. z_0 is 0.
      latent_dim: D, of each step.
      num_steps: T.

    Attributes:
      first: the `FirstLatents`, q(z_1|x).
    """

    def __init__(
        self, network: tfkl.Layer, combiner: tfkl.Layer, latent_dim: int, num_steps: int, **kwargs
    ):
        super().__init__(**kwargs)
        self.network, self.combiner = network, combiner
        self.latent_dim, self.num_steps = latent_dim, num_steps
        self.normal = DiagonalNormal(latent_dim)
        self.first = FirstLatents(self.normal, self._first_parameters)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (self.num_steps * self.latent_dim,)

    def call(self, x: TensorLike, context: TensorLike | None = None) -> tfd.Distribution:
        h, size = self._look(x, context), self.noise_shape[0]
        return Joint(
            lambda z: self._given(z, h).log_prob(z),
            lambda noise: self._draw(noise, h),
            size,
            size,
            tf.shape(x)[:1],
        )

    def draw(
        self, x: TensorLike, noise: TensorLike, context: TensorLike | None = None
    ) -> tf.Tensor:
        return self._draw(noise, self._look(x, context))

    def infer(
        self,
        x: TensorLike,
        noise: TensorLike,
        context: TensorLike | None = None,
        weight: GradientWeight | None = None,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        """(q, z, log q(z|x)): z [S, B, T D] made from noise [S, B, *noise_shape].

        q is q(z_t|z_{t-1}, x) of all steps at this z as one normal, batch [S, B], event [T D]. With
        a `GradientWeight`, densities see z through it, and log q has its parameters stopped; what
        z_t was drawn from sees z_{t-1} itself.
        """
        h = self._look(x, context)
        z = self._draw(noise, h)
        if weight is None:
            q = self._given(z, h)
            return q, z, q.log_prob(z)
        z = weight.apply(z)
        log_q = without_weights(lambda z: self._given(z, tf.stop_gradient(h)).log_prob(z))(z)
        return self._given(z, h), z, log_q

    def _look(self, x, context):
        """h [B, T, F], the context beside it."""
        h = tf.cast(self.network(x), tf.float32)
        if context is None:
            return h
        context = tf.reshape(context, [-1, 1, math.prod(context.shape[1:])])
        return tf.concat([h, tf.repeat(context, self.num_steps, axis=1)], axis=-1)

    @graph_when_eager
    def _draw(self, noise, h):
        """z [..., B, T D] from noise of that shape."""
        noise = steps_first(noise, self.num_steps)

        def step(z, noise_and_h):
            noise, h = noise_and_h
            q = self._next(z, h)
            return q.mean() + q.stddev() * noise

        return flat(tf.scan(step, (noise, tf.transpose(h, [1, 0, 2])), tf.zeros_like(noise[0])))

    def _given(self, z, h):
        """q(z_t|z_{t-1}, h_t) of all steps as one normal, at z [..., B, T D]."""
        size = self.latent_dim
        before = tf.concat([tf.zeros_like(z[..., :size]), z[..., :-size]], axis=-1)
        h = tf.reshape(h, [-1, h.shape[-1]])
        return at_all_steps(lambda before: self._next(before, h), before, size)

    def _next(self, z, h):
        """q(z_t|z_{t-1}, h_t), batch [..., B], event [D], from [..., B, D] and [B, F]."""
        return self.normal.distribution(over_samples(self.combiner, with_context(z, h)))

    def _first_parameters(self, x, context):
        """The parameters of q(z_1|x), [B, 2 D]."""
        h = self._look(x, context)[:, 0]
        start = tf.zeros([tf.shape(h)[0], self.latent_dim])
        return over_samples(self.combiner, with_context(start, h))

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return {
            "network": serialize(self.network),
            "combiner": serialize(self.combiner),
            "latent_dim": self.latent_dim,
            "num_steps": self.num_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MarkovEncoder":
        deserialize = tfk.saving.deserialize_keras_object
        return cls(
            deserialize(config["network"]),
            deserialize(config["combiner"]),
            config["latent_dim"],
            config["num_steps"],
        )
