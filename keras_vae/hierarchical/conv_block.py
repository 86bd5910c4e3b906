"""A stochastic layer of maps, for ladders of convolutions."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.hierarchical.prior import AbstractBlock
from keras_vae.ops.shapes import over_samples, with_context
from keras_vae.posteriors.normal import diagonal_normal


@tfk.saving.register_keras_serializable("keras_vae")
class ConvBlock(AbstractBlock):
    """One stochastic layer of maps below the top (Child 2021, figure 3).

    The state goes past the latents: z is added to it, and so is what the prior's body says beside
    p(z_l|above).

    Args:
      latent_shape: (h, w, d).
      network: body, state [N, h, w, F] -> [N, h, w, 2 d + F]: parameters of p, and what is added.
      residual: body, [N, h, w, F] -> [N, h, w, F], after z is added.
      gain: standard deviation of what a standard normal z adds to a new block's state.
      entrance: where maps get another size or the state comes from z_L, a layer that brings the
        state to h x w. A map [h, w, F] that is learned, and the condition, then join it.
    """

    def __init__(
        self,
        latent_shape: Sequence[int],
        network: tfkl.Layer,
        residual: tfkl.Layer,
        gain: float,
        width: int,
        entrance: tfkl.Layer | None = None,
        **kwargs,
    ):
        super().__init__(latent_shape, **kwargs)
        self.network, self.residual, self.gain, self.width = network, residual, gain, width
        self.entrance = entrance
        self.from_z = tfkl.Conv2D(
            width, 1, kernel_initializer=tfk.initializers.VarianceScaling(gain**2)
        )
        if entrance is not None:
            height, columns = self.latent_shape[:2]
            self.place = self.add_weight("place", [height, columns, width], initializer="zeros")
            self.joint = tfkl.Conv2D(width, 1, use_bias=False)

    def descend(
        self, state: tf.Tensor, choose: Callable, context: TensorLike | None = None
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        if self.entrance is not None:
            state = with_context(over_samples(self.entrance, state, 3), context, 3)
            state = over_samples(self.joint, state, 3) + self.place
        d = self.latent_shape[-1]
        params, added = tf.split(over_samples(self.network, state, 3), [2 * d, self.width], axis=-1)
        p = diagonal_normal(params, 3)
        z = choose(p, state)
        state = state + added + over_samples(self.from_z, z, 3)
        return p, z, over_samples(self.residual, state, 3)

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return super().get_config() | {
            "latent_shape": self.latent_shape,
            "network": serialize(self.network),
            "residual": serialize(self.residual),
            "gain": self.gain,
            "width": self.width,
            "entrance": self.entrance and serialize(self.entrance),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConvBlock":
        parts = {
            name: config[name] and tfk.saving.deserialize_keras_object(config[name])
            for name in ("network", "residual", "entrance")
        }
        return cls(**config | parts)
