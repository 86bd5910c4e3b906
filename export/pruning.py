"""Leaves out latents that carry nothing: the same model in fewer weights."""

import numpy as np

import keras_vae
from export import latent_facts
from export.parity import EXACT, ParityError
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.config import Config
from keras_vae.config.rules import text
from keras_vae.vae import VAE

# Mean rate in nats below which a latent is dead.
DEAD = 0.01
# Nats of the bound that may be lost by leaving out all dead latents.
MAX_LOSS = 0.1
_SAMPLES = 10


def prune(vae: VAE, config: Config, batch: Batch, max_loss: float = MAX_LOSS) -> tuple[VAE, dict]:
    """The model without its dead latents, which the decoder is given as 0.

    Args:
      vae: the model, as it is to be exported.
      config: what it was built from.
      batch: real examples, with their conditions, which tell what each latent carries.
      max_loss: how many nats the bound may lose by it.

    Returns:
      (model, found): `found` has `latents`, how many are left of `latents_before`; `kept`, their
      indices; `elbo_change`, nats by which the bound of the examples rose; `examples`.

    Raises:
      ValueError: the model's structure doesn't allow it.
      ParityError: the bound loses more than `max_loss`.
    """
    if config.model.latent_shape is not None:
        raise ValueError(
            "prune_latents needs flat latents, got latent_shape="
            f"{text(config.model.latent_shape, 'x')}: a map has all its channels at each place. "
            "Export without it, or train with fewer channels."
        )
    rates = latent_facts.rates(vae, batch) if config.model.structure == "single" else None
    if rates is None:
        raise ValueError(
            "prune_latents needs the rate of each latent in closed form: one layer of latents, "
            "posterior=diagonal, and prior=standard_normal or learned_normal."
        )
    kept = np.flatnonzero(rates >= DEAD)
    if len(kept) == 0:
        raise ValueError(
            f"prune_latents would leave none: all latents carry less than {DEAD:g} nats. Export "
            "without it."
        )
    fewer = config.replace(latent_dim=len(kept), ema_decay=None)
    smaller = keras_vae.build(fewer)
    for old, new in zip(_parts(vae), _parts(smaller), strict=True):
        for source, target in zip(old.weights, new.weights, strict=True):
            target.assign(_taken(source.numpy(), target.shape, kept, vae.latent_dim))
    change = _check(vae, smaller, kept, batch)
    if not change >= -max_loss:
        raise ParityError(
            f"prune_latents: the bound falls by {-change:.3g} nats an example without "
            f"{vae.latent_dim - len(kept)} latents; allowed are {max_loss:g}. Nothing was written. "
            "Export without it, or allow more by max_nll_change."
        )
    return smaller, {
        "latents": len(kept),
        "latents_before": vae.latent_dim,
        "kept": kept.tolist(),
        "elbo_change": change,
        "examples": len(batch.x),
    }


def _parts(vae):
    return [part for part in (vae.encoder, vae.decoder, vae.prior, vae.condition) if part]


def _taken(weights, shape, kept, latent_dim):
    """The part of an array that belongs to the kept latents.

    Along an axis that is longer than in `shape` stand the D latents, or two numbers for each (loc
    and scale of the posterior) one after the other, and behind them what isn't a latent's.
    """
    for axis, (before, after) in enumerate(zip(weights.shape, shape, strict=True)):
        if before == after:
            continue
        blocks = (before - after) // (latent_dim - len(kept))
        index = [block * latent_dim + kept for block in range(blocks)]
        index.append(np.arange(blocks * latent_dim, before))
        weights = np.take(weights, np.concatenate(index), axis=axis)
    return weights


def _check(vae, smaller, kept, batch):
    """By how much the bound rises. Raises ValueError unless `smaller` is `vae` with zeros."""
    x, condition = batch.x, batch.condition
    noise = vae.draw_noise([0, 0], _SAMPLES, len(x))
    size = noise.shape[-1]
    # The noise of Bayesian weights stands behind the noise of the latents.
    left = tf.gather(noise, np.concatenate([kept, np.arange(vae.latent_dim, size)]), axis=-1)
    before, after = (
        model.terms(x, noise, condition, mask=batch.mask)
        for model, noise in ((vae, noise), (smaller, left))
    )
    z = np.zeros(before.z.shape, np.float32)
    z[..., kept] = after.z
    given = vae.condition_of(condition, x)
    wanted, found = vae.decode(z[0], given).mean(), smaller.decode(after.z[0], given).mean()
    same_codes = np.allclose(tf.gather(before.z, kept, axis=-1), after.z, atol=1e-3)
    if not (same_codes and np.allclose(wanted, found, atol=EXACT.max_error)):
        raise ValueError("prune_latents can't leave latents out of this model's networks.")
    return float(tf.reduce_mean(after.elbo_nats - before.elbo_nats))
