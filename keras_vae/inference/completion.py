"""Completing examples of which some values are known."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf
from keras_vae.inference.imputation import Imputer
from keras_vae.seeds import Site

if TYPE_CHECKING:
    from keras_vae.vae import VAE


def problem(vae: "VAE") -> str | None:
    """Why a VAE can't complete examples, if it can't."""
    if not (vae.encoder.has_density and vae.has_encoder):
        return "this model has no q(z|x) to draw from. Train a VAE (recipe=vae)"
    if vae.condition is not None and vae.condition.in_examples:
        return "this model does it by itself, in sample(condition=image)"
    if vae.decoder.in_turn:
        return (
            "this decoder draws values in turn (decoder=autoregressive), not given z alone. Train "
            "it with condition=image_part"
        )
    return None


def check_known(
    known: TensorLike, shape: Sequence[int], event_shape: tuple[int, ...]
) -> np.ndarray:
    """`known` [H, W], [H, W, C] or [B, H, W, C] as bool that broadcasts with x of `shape`."""
    known, shape = np.asarray(known), tuple(shape)
    if not np.all((known == 0) | (known == 1)):
        raise ValueError("known must be bool, or {0, 1}, got other values. Cut them: known > 0.")
    known = known.astype(bool)
    if known.shape == event_shape[:-1]:
        known = np.broadcast_to(known[..., np.newaxis], event_shape)
    if known.shape not in (event_shape, shape):
        raise ValueError(
            f"known must be of shape {event_shape[:-1]}, {event_shape} or {shape}, got "
            f"{known.shape}."
        )
    return known


class Completer:
    """Draws unknown values of x given the known ones.

    The chain starts from a sample of the model and alternates between z ~ q(z|x) and the unknown
    values ~ p(x|z). It is Gibbs sampling where q is the exact posterior, and nearly so elsewhere
    (Rezende et al. 2014, appendix F).

    An encoder that sees masks may never have seen whole examples. There z is one of as many draws
    of q(z|known values) as the chain would have steps, chosen by its weight; see `Imputer`.

    Args:
      vae: a VAE.

    Raises:
      ValueError: a model of this kind can't complete examples.
    """

    def __init__(self, vae: "VAE"):
        if found := problem(vae):
            raise ValueError(f"complete: {found}.")
        self._vae = vae
        self._imputer = Imputer(vae) if vae.sees_mask else None
        self._chain = tf.function(self._completions)

    def __call__(
        self,
        x: TensorLike,
        known: TensorLike,
        num_steps: int,
        seed: int,
        condition: TensorLike | None = None,
    ) -> tf.Tensor:
        """Completions [B, H, W, C] of x [B, H, W, C].

        Args:
          x: float32; unknown values don't count, and may be NaN.
          known: bool, of a shape that broadcasts with that of x.
          num_steps: length of the chain, at least 1; the last step gives the mean of p(x|z).
            Or how many draws of z one is chosen of.
          seed: int.
          condition: [B, ...] of conditional models.
        """
        if num_steps < 1:
            raise ValueError(f"num_steps must be at least 1, got {num_steps}.")
        if self._imputer is not None:
            known = tf.broadcast_to(known, x.shape)
            of_z = seeds.derive(seed, Site.COMPLETE)
            z = self._imputer.resampled(x, known, num_steps, of_z, condition)
            return tf.where(known, x, self._vae.decode(z, condition).mean())
        x = tf.where(known, x, self._vae.sample(len(x), seed=seed, condition=condition))
        steps, seed = tf.constant(num_steps), seeds.derive(seed, Site.COMPLETE)
        return self._chain(x, known, steps, seed, condition)

    def _completions(self, x, known, num_steps, seed, condition):
        def given(i, x):
            """p(x|z) of a z that is drawn from q(z|x)."""
            noise = self._vae.draw_noise(seeds.derive(seed, 0, i), 1, tf.shape(x)[0])
            return self._vae.decode(self._vae.terms(x, noise, condition).z[0], condition)

        def step(i, x):
            drawn = given(i, x).sample(seed=seeds.derive(seed, 1, i))
            return i + 1, tf.where(known, x, drawn)

        # Only the last step computes a mean: a mean of 256 levels takes long.
        i, x = tf.while_loop(lambda i, _: i < num_steps - 1, step, (0, x))
        return tf.where(known, x, given(i, x).mean())
