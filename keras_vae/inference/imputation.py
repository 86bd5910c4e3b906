"""Unknown values given the known ones: their conditional mean and spread, and draws of them.

All come from z ~ q(z|known values), weighted by w = p(known values, z) / q(z|known values):
self-normalised importance sampling, and for draws sampling importance resampling (Mattei & Frellsen
2019, MIWAE, section 3.3). Both are exact as the number of samples grows.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf
from keras_vae.inference.importance import logaddexp
from keras_vae.ops.in_batches import in_batches
from keras_vae.seeds import Site

if TYPE_CHECKING:
    from keras_vae.vae import VAE

_CHUNK = 100  # samples in work together
_MAX_VALUES = 2**24  # parameters of p(x|z) in work together


class Imputed(NamedTuple):
    """Examples with their unknown values filled in, on the model's scale.

    Attributes:
      mean: [B, *event_shape], the known values and E(unknown | known); of categories the likeliest.
      spread: [B, *event_shape], the standard deviation of unknown | known, of categories the
        probability that it is another one; 0 where known.
      draws: [K, B, *event_shape], the known values and draws of p(unknown | known).
      effective_sample_size: [B], (sum w)^2 / sum w^2. Where it is near 1 all of this is of a single
        z, and spreads are too narrow.
    """

    mean: tf.Tensor
    spread: tf.Tensor
    draws: tf.Tensor
    effective_sample_size: tf.Tensor


class Imputer:
    """Fills the unknown values of examples.

    Args:
      vae: a VAE with a bound.

    Raises:
      ValueError: the model has none, or can't leave values out.
    """

    def __init__(self, vae: "VAE"):
        if not vae.has_bound:
            raise ValueError(
                "imputing weighs draws of q(z|x) by densities, which an autoencoder lacks. Train a "
                "VAE (recipe=vae)."
            )
        vae.check_masks()
        self._vae = vae
        self._add_chunk = tf.function(self._with_chunk)

    def __call__(
        self,
        x: TensorLike,
        mask: TensorLike,
        num_samples: int,
        num_draws: int = 0,
        seed: int | TensorLike = 0,
        condition: TensorLike | None = None,
    ) -> Imputed:
        """Fills examples.

        Args:
          x: floats [B, *event_shape]; unknown values don't count.
          mask: bool, of x's shape, which values are known.
          num_samples: of z, for each example.
          num_draws: K.
          seed: int, or int32 [2].
          condition: [B, ...] of conditional models.
        """
        seed = seeds.derive(seed, Site.COMPLETE)

        def of_rows(rows, x, mask, condition):
            z, *found = self._of_batch(
                x, mask, condition, num_samples, num_draws, seeds.derive(seed, rows.start)
            )
            p = self._vae.decode(z, condition)
            drawn = p.sample(seed=seeds.derive(seed, rows.start, num_samples))
            draws = _swapped(tf.where(mask, x, tf.cast(drawn, x.dtype)))
            return *found, draws

        values = math.prod(self._vae.decoder.likelihood.params_shape)
        size = max(1, _MAX_VALUES // (max(_CHUNK, num_draws) * values))
        mean, spread, ess, draws = in_batches(of_rows, size, range(len(x)), x, mask, condition)
        return Imputed(mean, spread, _swapped(draws), ess)

    def resampled(
        self,
        x: TensorLike,
        mask: TensorLike,
        num_samples: int,
        seed: TensorLike,
        condition: TensorLike | None = None,
    ) -> tf.Tensor:
        """z [B, *latent_shape], one of `num_samples` draws, chosen by their weights."""
        return self._of_batch(x, mask, condition, num_samples, 1, seed)[0][0]

    def _of_batch(self, x, mask, condition, num_samples, num_draws, seed):
        """(z [K, B, *latent_shape], mean, spread, effective sample size)."""
        size = len(x)
        nothing, likelihood = tf.fill([size], -math.inf), self._vae.decoder.likelihood
        z = tf.zeros([num_draws, size, *self._vae.latent_shape])
        about = self._vae.reconstruct(x, condition, mask)
        sums = nothing, nothing, tf.zeros_like(likelihood.statistics(about, about, about)), z
        for i in range(0, num_samples, _CHUNK):
            chunk = min(_CHUNK, num_samples - i)
            sums = self._add_chunk(sums, x, mask, condition, about, chunk, seeds.derive(seed, i))
        log_w, log_w2, statistics, z = sums
        value, spread = likelihood.settled(statistics, about)
        value, spread = tf.where(mask, x, value), tf.where(mask, 0.0, spread)
        return z, value, spread, tf.exp(2.0 * log_w - log_w2)

    def _with_chunk(self, sums, x, mask, condition, about, chunk: int, seed):
        """Sums with those of a chunk of samples.

        They are log sum w, log sum w^2, the weighted means of the likelihood's `statistics`, with a
        draw of x for each z, and the z that each draw holds.
        """
        vae, (log_w, log_w2, statistics, z) = self._vae, sums
        of_z, of_x, of_choice, of_change = (seeds.derive(seed, i) for i in range(4))
        terms = vae.terms(x, vae.draw_noise(of_z, chunk, tf.shape(x)[0]), condition, mask=mask)
        log_weight = terms.log_weight  # [S, B]
        of_chunk = tf.reduce_logsumexp(log_weight, axis=0)
        total = logaddexp(log_w, of_chunk)
        kept, share = tf.exp(log_w - total), tf.exp(log_weight - total)
        p = vae.decode(terms.z, condition)

        drawn = tf.cast(p.sample(seed=of_x), tf.float32)
        found = vae.decoder.likelihood.statistics(p.mean(), drawn, about)
        statistics = _beside(kept, statistics) * statistics + tf.reduce_sum(
            _beside(share, found) * found, axis=0
        )
        # A reservoir for each draw: what it holds gives way to one of the chunk, by the chunk's
        # part of all weights so far.
        num_draws, size = z.shape[0], tf.shape(x)[0]
        if num_draws:
            logits = tf.transpose(log_weight)
            chosen = tf.random.stateless_categorical(logits, num_draws, of_choice)  # [B, K]
            candidates = _swapped(tf.gather(_swapped(terms.z), chosen, batch_dims=1))
            uniform = tf.random.stateless_uniform([num_draws, size], of_change)
            changes = uniform < tf.exp(of_chunk - total)
            z = tf.where(_beside(changes, candidates), candidates, z)
        log_w2 = logaddexp(log_w2, tf.reduce_logsumexp(2.0 * log_weight, axis=0))
        return total, log_w2, statistics, z


def _swapped(t):
    """t with its first two axes in the other order."""
    return tf.transpose(t, [1, 0, *range(2, len(t.shape))])


def _beside(few, many):
    """`few` [...] with axes of 1, so that it broadcasts with `many` [..., *rest]."""
    rest = len(many.shape) - len(few.shape)
    return tf.reshape(few, tf.concat([tf.shape(few), [1] * rest], axis=0))
