"""Rows of a table of which some cells are given, drawn from p(row | given cells).

z comes from the prior, weighted by w = p(given cells|z), and one of many is taken for each row:
sampling importance resampling (Rubin 1988), exact as the number of draws grows. The encoder isn't
asked: it may never have seen so few cells.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae import seeds
from keras_vae._compat import TensorLike, tf
from keras_vae.distributions import of_known
from keras_vae.messages.notes import note
from keras_vae.ops.in_batches import in_batches
from keras_vae.seeds import Site

if TYPE_CHECKING:
    from keras_vae.vae import VAE

_DRAWS_PER_ROW, _LEAST_DRAWS = 10, 10_000
_BATCH_SIZE = 1000


def sample_given(
    vae: "VAE",
    n: int,
    x: TensorLike,
    known: TensorLike,
    seed: int | TensorLike,
    temperature: float | Sequence[float] = 1.0,
    label: int | None = None,
) -> tf.Tensor:
    """Rows [n, D] with the known cells of x [D]; a note says how many draws of z count.

    Args:
      vae: a VAE with a prior.
      n: number of rows.
      x: float32 [D].
      known: bool [D], which cells are given.
      seed: of all draws.
      temperature: of the prior.
      label: what a conditional model is given.
    """
    num_draws = max(_LEAST_DRAWS, _DRAWS_PER_ROW * n)
    of_z, of_choice, of_x = (seeds.derive(seed, Site.SAMPLE, i) for i in range(3))

    def conditions(size):
        return None if label is None else np.full(size, label, np.int32)

    def weigh(rows):
        size = len(rows)
        noise = vae.prior.draw_noise(seeds.derive(of_z, rows.start), size)
        z = vae.prior_sample(noise, temperature, conditions(size))
        cells, mask = (np.broadcast_to(part, [size, len(x)]) for part in (x, known))
        return z, of_known(vae.decode(z, conditions(size)), mask).log_prob(cells)

    def draw(rows, z):
        p = vae.decode(z, conditions(len(rows)))
        return tf.where(known, x, p.sample(seed=seeds.derive(of_x, rows.start)))

    z, log_weight = in_batches(weigh, _BATCH_SIZE, range(num_draws))
    chosen = tf.random.stateless_categorical(log_weight[tf.newaxis], n, of_choice)[0]
    share = tf.nn.softmax(log_weight)
    count = 1.0 / float(tf.reduce_sum(share**2))
    alike = "; rows are more alike than they should be" if count < n else ""
    note(
        f"rows with given cells are drawn by sampling importance resampling: {count:,.0f} of "
        f"{num_draws:,} draws of z carry the weight{alike}"
    )
    return in_batches(draw, _BATCH_SIZE, range(n), tf.gather(z, chosen))
