"""The inverse autoregressive flow."""

import functools
from typing import Any

from keras_vae._compat import TensorLike, tf, tfb, tfd, tfk
from keras_vae.messages import conflicts
from keras_vae.networks.made import MADE
from keras_vae.ops.gradients import without_weights
from keras_vae.posteriors.base import Posterior
from keras_vae.posteriors.normal import diagonal_normal

# A new step keeps this many parts of z: sigmoid(2) = 0.88 (Kingma et al. begin with 1 to 2).
_RAW_GATE = 2.0
# The inverse divides by the gate, once for each latent: a smaller one would lose z to rounding.
_MIN_GATE = 0.01


@tfk.saving.register_keras_serializable("keras_vae")
class InverseAutoregressive(Posterior):
    """A normal z bent by steps z <- s * z + (1 - s) * m (Kingma et al. 2016, algorithm 1).

    The gate s and the value m of each latent are computed by a masked network (Germain et al. 2015)
    from the latents before it and from the context h(x); the order of the latents is turned round
    from step to step. z and log q(z|x) come from noise in one pass. The density at any other z,
    which the gradients "stl" and "dreg" need, takes D passes one after another.

    Args:
      latent_dim: D, at least 2: one latent has none before it.
      num_layers: steps.
      hidden: units of each network's hidden layer, and size of h.
    """

    density_in_one_pass = False
    least_latents = 2

    def __init__(self, latent_dim: int, num_layers: int = 4, hidden: int = 200, **kwargs):
        super().__init__(latent_dim, **kwargs)
        if self.latent_dim < self.least_latents:
            raise ValueError(
                f"latent_dim must be at least {self.least_latents} for {type(self).__name__}, got "
                f"{latent_dim}: {conflicts.AUTOREGRESSION_OF_ONE_LATENT}. Use DiagonalNormal."
            )
        self.num_layers, self.hidden = num_layers, hidden
        self.networks = [
            MADE(latent_dim, hidden, backward=i % 2 == 1, context_size=hidden)
            for i in range(num_layers)
        ]

    @property
    def params_size(self) -> int:
        return 2 * self.latent_dim + self.hidden

    def distribution(self, params: tf.Tensor) -> tfd.Distribution:
        normal, h = tf.split(params, [2 * self.latent_dim, self.hidden], axis=-1)
        steps = [_step(network, h) for network in self.networks]
        return tfd.TransformedDistribution(diagonal_normal(normal), tfb.Chain(steps[::-1]))

    def code(self, q: tfd.Distribution) -> tf.Tensor:
        return q.bijector.forward(q.distribution.mean())

    def from_noise(
        self, q: tfd.Distribution, noise: TensorLike
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        normal = q.distribution
        z = q.bijector.forward(normal.mean() + normal.stddev() * noise)
        # TFP's bijectors remember where this very tensor came from: no inverse is computed here,
        # nor where a sampled KL asks for log q of it once more.
        return z, q.log_prob(z)

    def stopped_log_prob(self, params: tf.Tensor, z: TensorLike) -> tf.Tensor:
        q = self.distribution(tf.stop_gradient(params))
        return without_weights(q.log_prob)(z)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"num_layers": self.num_layers, "hidden": self.hidden}


def _step(network, h):
    """The bijector z -> s * z + (1 - s) * m, with s and m of z [..., B, D] and h [B, hidden]."""

    @functools.lru_cache(maxsize=1)  # z's image and its Jacobian are asked for one by one.
    def undone_at(z_ref):
        raw_gate, m = tf.unstack(network(z_ref.deref(), h), axis=-1)
        s = _MIN_GATE + (1.0 - _MIN_GATE) * tf.sigmoid(raw_gate + _RAW_GATE)
        return tfb.Invert(tfb.Chain([tfb.Shift((1.0 - s) * m), tfb.Scale(s)]))

    # A masked autoregressive flow's parallel direction is its inverse.
    return tfb.Invert(tfb.MaskedAutoregressiveFlow(bijector_fn=lambda z: undone_at(z.ref())))
