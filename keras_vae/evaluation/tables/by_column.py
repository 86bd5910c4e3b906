"""What each column of a table takes, and how likely it is by itself."""

from collections.abc import Collection

import numpy as np

from keras_vae import seeds
from keras_vae._compat import tf
from keras_vae.batches import Batch
from keras_vae.distributions import plain
from keras_vae.likelihoods import Columns
from keras_vae.seeds import Site
from keras_vae.vae import VAE

_NUM_LATENTS = 500  # draws of the prior, by which a column's own likelihood is estimated
_MOST_ROWS = 2000  # of test rows, for that


def by_column(vae: VAE, batches: Collection[Batch], seed: int = 0) -> dict[str, dict[str, float]]:
    """Nats of each column, by name, of known cells; nothing for models of no table.

    Args:
      vae: a VAE.
      batches: a finite set of Batch of test rows.
      seed: of the draws of z.

    Returns:
      `distortion_nats_by_column`, the parts of the distortion; their sum is all of it.
      `nll_nats_by_column`, -log p of a known cell of the column alone, whatever the others are, by
      500 draws of the prior: an upper bound on average. Conditional models have none.
    """
    likelihood = vae.decoder.likelihood
    if not isinstance(likelihood, Columns):
        return {}
    names = [column.name for column in likelihood.columns]
    lost, rows, alone = np.zeros(len(names)), 0, []
    prior = None if vae.prior is None or vae.condition is not None else _cells_of_prior(vae, seed)
    for i, batch in enumerate(batches):
        noise = tf.random.stateless_normal(
            [batch.x.shape[0], *vae.encoder.noise_shape], seeds.derive(seed, Site.EVALUATE, i)
        )
        z = vae.code(batch.x, batch.condition, noise, mask=batch.mask)
        cells = plain(vae.decode(z, batch.condition)).distribution.log_prob(batch.x).numpy()
        known = np.ones(cells.shape, bool) if batch.mask is None else batch.mask.numpy()
        lost -= np.where(known, cells, 0.0).sum(axis=0)
        if prior is not None and rows < _MOST_ROWS:
            alone.append(np.where(known, prior(batch.x).numpy(), np.nan))
        rows += len(cells)
    found = {"distortion_nats_by_column": _named(names, lost / rows)}
    if alone:
        joined = np.concatenate(alone)
        known = np.maximum(1, np.isfinite(joined).sum(axis=0))
        found["nll_nats_by_column"] = _named(names, -np.nansum(joined, axis=0) / known)
    return found


def _cells_of_prior(vae, seed):
    """A function: x [B, D] -> log p(x_c) of each cell alone, [B, D]."""
    noise = vae.prior.draw_noise(seeds.derive(seed, Site.SAMPLE), _NUM_LATENTS)
    p = plain(vae.generate(noise)[1]).distribution  # batch [S, D]

    @tf.function
    def of_cells(x):
        return tf.map_fn(
            lambda row: tf.reduce_logsumexp(p.log_prob(row), axis=0) - np.log(_NUM_LATENTS), x
        )

    return of_cells


def _named(names, values):
    return {name: float(value) for name, value in zip(names, values, strict=True)}
