"""RealNVP: a flow that is as fast in both directions."""

from keras_vae._compat import tf, tfb, tfk, tfkl
from keras_vae.ops.shapes import over_samples
from keras_vae.priors.flow import Flow, bounded


@tfk.saving.register_keras_serializable("keras_vae")
class RealNVP(Flow):
    """Each layer shifts and scales half of the latents by a network of the other half.

    The halves take turns.

    References:
      Dinh, Sohl-Dickstein & Bengio 2017, Density estimation using Real NVP.
    """

    def __init__(self, latent_dim: int, num_layers: int = 4, hidden: int = 200, **kwargs):
        super().__init__(latent_dim, num_layers, hidden, **kwargs)
        self.num_kept = latent_dim // 2
        self.networks = [
            tfk.Sequential(
                [
                    tfkl.Dense(hidden, "relu", dtype=self.dtype),
                    tfkl.Dense(
                        2 * (latent_dim - self.num_kept),
                        kernel_initializer="zeros",
                        dtype=self.dtype,
                    ),
                ]
            )
            for _ in range(num_layers)
        ]
        for network in self.networks:
            network.build([None, self.num_kept])

    def bijector(self) -> tfb.Bijector:
        # A negative number keeps the last latents instead of the first.
        return tfb.Chain(
            [
                tfb.RealNVP(
                    num_masked=self.num_kept if i % 2 == 0 else -self.num_kept,
                    shift_and_log_scale_fn=_shift_and_log_scale(network),
                )
                for i, network in enumerate(self.networks)
            ]
        )


def _shift_and_log_scale(network):
    def function(kept, num_changed):
        del num_changed  # The network knows it.
        shift, log_scale = tf.split(over_samples(network, kept), 2, axis=-1)
        return shift, bounded(log_scale)

    return function
