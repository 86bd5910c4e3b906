"""A stochastic layer of maps, for ladders of convolutions."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._compat import TensorLike, tf, tfd, tfk, tfkl
from keras_vae.hierarchical.prior import AbstractBlock
from keras_vae.ops.bounded import bounded
from keras_vae.ops.shapes import over_samples, with_context
from keras_vae.posteriors.normal import diagonal_normal

# The lowest scale of p. A p that is far narrower than z is large has draws that float32 can't tell
# from its mean, and their densities are noise.
_NARROWEST = 1e-3


@tfk.saving.register_keras_serializable("keras_vae")
class ConvBlock(AbstractBlock):
    """One stochastic layer of maps below the top (Child 2021, figure 3).

    The network makes p(z_l|above) and features of the state. The features and z_l are added to the
    state, so the state goes around the latents too. A residual block then spreads z_l to other
    places.

    Args:
      latent_shape: (h, w, d).
      network: state [N, h, w, F] -> [N, h, w, 2 d + F], parameters of p and features.
      residual: body, [N, h, w, F] -> [N, h, w, F], after z_l is added.
      width: F.
      gain: standard deviation of what a standard normal z_l adds to a new block's state.
      entrance: layer that brings the state above, of another size or number of channels, to h x w.
        The condition and a learned map then join it. None where the state stays as it is.
    """

    def __init__(
        self,
        latent_shape: Sequence[int],
        network: tfkl.Layer,
        residual: tfkl.Layer,
        width: int,
        gain: float = 1.0,
        entrance: tfkl.Layer | None = None,
        **kwargs,
    ):
        super().__init__(latent_shape, **kwargs)
        self.network, self.residual, self.width, self.gain = network, residual, width, gain
        self.entrance = entrance
        initializer = tfk.initializers.VarianceScaling(gain**2)
        self.from_z = tfkl.Conv2D(width, 1, use_bias=False, kernel_initializer=initializer)
        if entrance is not None:
            self.joint = tfkl.Conv2D(width, 1, use_bias=False)
            self.place = self.add_weight(
                "place", [*self.latent_shape[:2], width], initializer="zeros"
            )

    def descend(
        self, state: tf.Tensor, choose: Callable, context: TensorLike | None = None
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        if self.entrance is not None:
            state = with_context(over_samples(self.entrance, state, 3), context, 3)
            state = over_samples(self.joint, state, 3) + self.place
        sizes = [2 * self.latent_shape[-1], self.width]
        params, added = tf.split(over_samples(self.network, state, 3), sizes, axis=-1)
        p = diagonal_normal(bounded(params), 3, _NARROWEST)
        z = choose(p, state)
        state += added + over_samples(self.from_z, z, 3)
        return p, z, over_samples(self.residual, state, 3)

    def get_config(self) -> dict[str, Any]:
        serialize = tfk.saving.serialize_keras_object
        return super().get_config() | {
            "latent_shape": self.latent_shape,
            "network": serialize(self.network),
            "residual": serialize(self.residual),
            "width": self.width,
            "gain": self.gain,
            "entrance": self.entrance and serialize(self.entrance),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ConvBlock":
        parts = {
            name: config[name] and tfk.saving.deserialize_keras_object(config[name])
            for name in ("network", "residual", "entrance")
        }
        return cls(**config | parts)
