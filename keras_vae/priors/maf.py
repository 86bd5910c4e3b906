"""MAF: a flow whose density takes one pass."""

from keras_vae._compat import tf, tfb, tfk
from keras_vae.networks.made import MADE
from keras_vae.priors.flow import Flow, bounded


@tfk.saving.register_keras_serializable("keras_vae")
class MAF(Flow):
    """Each layer shifts and scales each latent by a masked network of those before it.

    The order of the latents is turned round from layer to layer. Densities take one pass through
    the networks, draws take D passes one after another: a latent needs those before it.

    References:
      Papamakarios, Pavlakou & Murray 2017, Masked autoregressive flow for density estimation.
    """

    def __init__(self, latent_dim: int, num_layers: int = 4, hidden: int = 200, **kwargs):
        super().__init__(latent_dim, num_layers, hidden, **kwargs)
        self.networks = [MADE(latent_dim, hidden, backward=i % 2 == 1) for i in range(num_layers)]

    def bijector(self) -> tfb.Bijector:
        return tfb.Chain(
            [tfb.MaskedAutoregressiveFlow(_shift_and_log_scale(n)) for n in self.networks]
        )


def _shift_and_log_scale(network):
    def function(z):
        shift, log_scale = tf.unstack(network(z), axis=-1)
        return shift, bounded(log_scale)

    return function
