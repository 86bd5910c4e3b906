"""Layers of latents, as a coder goes through them: from the top down."""

from collections.abc import Callable

from keras_vae._compat import tf, tfd
from keras_vae.hierarchical import HierarchicalVAE
from keras_vae.vae import VAE


class OneLayer:
    """The z of a VAE as its only layer.

    Attributes:
      shapes: of each layer's latents, z_1's first.
      look_up: images [B, H, W, C] -> what `infer` needs of them.
    """

    def __init__(self, vae: VAE):
        self._vae = vae
        self._prior = tfd.Normal(*(vae.flat(moment) for moment in vae.prior_moments()))
        self.shapes: tuple[tuple[int, ...], ...] = ((vae.latent_dim,),)
        self.look_up = tf.function(self._moments, input_signature=[_any_number(vae.event_shape)])

    def _moments(self, x):
        q = self._vae.encode(x)
        return self._vae.flat(q.mean()), self._vae.flat(q.stddev())

    def walk(self, choose: Callable) -> tf.Tensor:
        """The decoder's input, where choose(layer, p(z_l|above), state) gives z_l [B, ...].

        The state, which p was made of, and p are what `infer` takes.
        """
        return choose(0, self._prior, None)

    def infer(
        self, layer: int, found: tuple, p: tfd.Distribution, state: tf.Tensor | None
    ) -> tfd.Distribution:
        """q(z_l|above, x), by what `look_up` found."""
        del layer, p, state
        return tfd.Normal(*found)

    def observe(self, state: tf.Tensor) -> tfd.Distribution:
        """p(x|z) from what `walk` gave."""
        return self._vae.decode(state)


class TopDown:
    """The layers of a ladder; members are as of `OneLayer`."""

    def __init__(self, vae: HierarchicalVAE):
        self._prior, self._encoder, self.observe = vae.prior, vae.encoder, vae.decoder
        self.shapes = vae.prior.latent_shapes
        floats = _any_number(vae.event_shape)
        self.look_up = tf.function(self._encoder.look_up, input_signature=[floats])
        self.infer = self._encoder.infer_layer

    def walk(self, choose: Callable) -> tf.Tensor:
        return self._prior.walk(choose).state


def layers_of(vae: VAE) -> OneLayer | TopDown:
    return TopDown(vae) if isinstance(vae, HierarchicalVAE) else OneLayer(vae)


def _any_number(shape):
    return tf.TensorSpec([None, *shape])
