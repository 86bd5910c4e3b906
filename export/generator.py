"""Generator: a VAE as functions from tensors to tensors, ready to be written to a file."""

import contextlib
import math

from export import threefry
from export.noise import Stream
from keras_vae._compat import tf
from keras_vae.vae import VAE


class Generator(tf.Module):
    """What is exported of a VAE: its weights, and a function for each verb.

    All outputs are named. Example b of an output depends on example b of the input alone.

    Args:
      vae: as it is now; one without a prior (an autoencoder) can't sample.
    """

    def __init__(self, vae: VAE):
        super().__init__()
        # Past TensorFlow's tracking: the file holds these weights, not a Keras model.
        object.__setattr__(self, "_vae", vae)
        self.weights = list(vae.variables)

    def decode(self, z, condition=None):
        """{"image": mean of p(x|z) [B, H, W, C]} from z [B, D]."""
        return {"image": self._shaped(self._vae.decode(z, condition).mean(), z)}

    def sample(self, seed, condition=None):
        """{"image": mean of p(x|z) [B, H, W, C], "z": [B, D] drawn from the prior}.

        Where the decoder draws x a step at a time, the image is such a draw (`sample_of`).

        Args:
          seed: int32 [B, 2], any values: the same pair gives the same image.
          condition: [B, ...] of conditional models.
        """
        shape = self._vae.prior.noise_shape
        noise = threefry.normal(seed, Stream.LATENT, math.prod(shape))
        z = self._vae.prior_sample(tf.reshape(noise, [-1, *shape]), condition=condition)
        p = self._vae.decode(z, condition)
        image = sample_of(p, lambda n: threefry.normal(seed, Stream.STEP, n))
        return {"image": self._shaped(image, z), "z": z}

    def encode(self, x, condition=None):
        """The parameters of q(z|x) (`posterior_parameters`) from float x [B, H, W, C]."""
        return posterior_parameters(self._vae, x, condition)

    def signatures(self, batch_size: int | None = None) -> dict:
        """{verb: concrete function}, for one batch size or, if None, for any."""
        vae = self._vae
        images = tf.TensorSpec([batch_size, *vae.event_shape], name="x")
        latents = tf.TensorSpec([batch_size, vae.latent_dim], name="z")
        seeds = tf.TensorSpec([batch_size, 2], tf.int32, name="seed")
        inputs = {self.decode: [latents], self.encode: [images]}
        if vae.prior is not None:
            inputs[self.sample] = [seeds]
        if vae.condition is not None:
            for verb, specs in inputs.items():
                if verb == self.encode and vae.condition.in_examples:
                    continue
                shape, dtype = [batch_size, *vae.condition.shape], vae.condition.given_dtype
                specs.append(tf.TensorSpec(shape, dtype, name="condition"))
        with vae.prior.frozen() if vae.prior is not None else contextlib.nullcontext():
            # A tf.function that has a graph for any batch size would give it for a fixed one too.
            return {
                verb.__name__: tf.function(verb).get_concrete_function(*specs)
                for verb, specs in inputs.items()
            }

    def _shaped(self, image, z):
        # The decoder's reshapes lose what is known of the shape.
        return tf.ensure_shape(image, [z.shape[0], *self._vae.event_shape])


def values_come_in_turn(vae: VAE) -> bool:
    """Whether the decoder chooses each value of x given those before it."""
    return hasattr(vae.decoder, "walk")


def sample_of(p, draw_normal):
    """What a sample shows of p(x|z), [B, H, W, C]: its mean, or a draw if it goes step by step.

    Args:
      p: batch [B].
      draw_normal: n -> standard normal noise [B, n].
    """
    return p.from_noise(draw_normal(*p.noise_shape)) if hasattr(p, "from_noise") else p.mean()


def posterior_parameters(vae: VAE, x, condition=None) -> dict:
    """The parameters of q(z|x) by name, from x [B, H, W, C].

    Returns:
      "loc" [B, D], the mean; with it "scale_tril" [B, D, D] if q has a full covariance, "scale"
      [B, D] if its latents are independent, nothing if it has no density. A q of low rank has both
      "scale" and "factor" [B, D, R]: z = loc + scale * a + factor b, of normal numbers a and b. A q
      without moments in closed form has "code" [B, D] alone, the z of zero noise.
    """
    q = vae.encode(x, condition)
    if hasattr(q, "scale_tril"):
        return {"loc": q.loc, "scale_tril": q.scale_tril}
    if hasattr(q, "cov_perturb_factor"):
        scale = tf.sqrt(q.cov_diag_factor)
        return {"loc": q.loc, "scale": scale, "factor": q.cov_perturb_factor}
    try:
        loc = q.mean()
    except NotImplementedError:  # A flow, or several stochastic layers.
        return {"code": vae.code(x, condition)}
    return {"loc": loc, "scale": q.stddev()} if vae.has_density else {"loc": loc}
