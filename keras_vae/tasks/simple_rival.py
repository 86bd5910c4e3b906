"""What something much simpler than a model takes for a test example: a scale for its likelihood."""

import math
from typing import Any

import numpy as np

from keras_vae import evaluation
from keras_vae._compat import tf, tfd
from keras_vae.compression import png_size
from keras_vae.likelihoods import Columns, Support
from keras_vae.likelihoods.bits import bits_per_dim
from keras_vae.ops.whole_numbers import BYTES
from keras_vae.runs import run_data
from keras_vae.runs.run import Run

# Upper limits, so that large data takes no longer: of examples, and of the values in them.
_COMPRESSED = 1000, 2**22
_FITTED = 10_000, 2**24
_NUM_TESTED = 2_000  # rows of a table, of rivals that take long


def measure_rival(run: Run) -> dict[str, Any]:
    """The rival of a run's model on its test split.

    The rival is PNG, which holds the first images without loss; or, for what PNG can't hold, values
    that don't depend on each other, fitted to training examples (see `independent_values`).

    Args:
      run: a `Run`.

    Returns:
      `rival`, its name; `rival_nats`, of a test example; `rival_bits_per_dim`, None of densities.
      Empty for a model without a bound, one that is given a part of x, more than 256 levels, and
      data of which values are unknown.
    """
    vae = run.model
    likelihood, levels, size = vae.decoder.likelihood, vae.decoder.likelihood.levels, None
    given = vae.condition is not None and vae.condition.num_given > 0
    if isinstance(likelihood, Columns):
        return _of_columns(run, likelihood.columns)
    gaps = any(split.mask is not None for split in (run.data.train, run.data.test))
    if not vae.has_bound or given or (levels or 0) > BYTES or gaps:
        return {}
    if vae.modality.compares_samples and levels is not None:
        x = _floats(run, "test", *_COMPRESSED)
        size = png_size(np.round(x * (levels - 1)).astype(int), levels)
    if size is not None:
        name, nats = "PNG", 8.0 * math.log(2.0) * size.num_bytes / len(x)
    else:
        train, test = (_floats(run, split, *_FITTED) for split in ("train", "test"))
        p = independent_values(train, likelihood.support, levels)
        values = test if levels is None else np.round(test * (levels - 1))
        name, nats = "independent values", -float(np.mean(p.log_prob(values)))
    bits = bits_per_dim(nats, likelihood, vae.event_shape)
    return {"rival": name, "rival_nats": nats, "rival_bits_per_dim": bits}


def _of_columns(run, columns):
    """Columns that don't depend on each other, and rivals that say how they do; the best of them.

    Others than the first are measured on some rows, by how much better than the first they are.
    """
    train, test = run.data.train, run.data.test
    cells = evaluation.independent_columns(
        columns, train.array, train.mask, test.array, test.mask
    ).log_prob
    known = len(cells) if test.mask is None else np.maximum(1, test.mask.sum(axis=0))
    alone, some = cells.sum(axis=1), slice(None, None, -(-len(cells) // _NUM_TESTED))
    mask = None if test.mask is None else test.mask[some]
    others = evaluation.rivals_of_rows(columns, train.array, train.mask, test.array[some], mask)
    nats = {"independent columns": float(-np.mean(alone))}
    for name, log_prob in others.items():
        nats[name] = float(-np.mean(alone) - np.mean(log_prob - alone[some]))
    best = min(nats, key=nats.__getitem__)
    each = -cells.sum(axis=0) / known
    return {
        "rival": best,
        "rival_nats": nats[best],
        "rival_bits_per_dim": None,
        "rivals_nats": nats,
        "rival_nats_by_column": {c.name: float(v) for c, v in zip(columns, each, strict=True)},
    }


def independent_values(
    x: np.ndarray, support: Support, levels: int | None = None
) -> tfd.Distribution:
    """A distribution [*event_shape] of x, whose values don't depend on each other.

    Each value has the distribution of its training values: of levels, their frequencies after one
    more of each; of counts, a Poisson of their mean. Real numbers have normals of their means and
    of one spread for all: a pixel that never varies would get an infinite density.

    Args:
      x: training examples [N, *event_shape], whole numbers over levels - 1 where there are levels.
      support: of the likelihood that it is compared with.
      levels: of x, None where it has none.
    """
    rank = x.ndim - 1
    if levels is not None:
        numbers = np.round(x * (levels - 1)).astype(int).reshape(len(x), -1)
        first = levels * np.arange(numbers.shape[1])  # Of each value's counts among all counts.
        counts = 1 + np.bincount((first + numbers).ravel(), minlength=levels * len(first))
        frequencies = counts.reshape(*x.shape[1:], levels) / (len(x) + levels)
        p = tfd.Categorical(probs=tf.constant(frequencies, tf.float32))
    elif support is Support.COUNTS:
        p = tfd.Poisson((x.sum(axis=0) + 0.5) / len(x))
    else:
        mean = x.mean(axis=0)
        p = tfd.Normal(mean, np.sqrt(np.mean((x - mean) ** 2)))
    return tfd.Independent(p, rank)


def _floats(run, split, most, most_values):
    """The first examples of a split as floats [N, *event_shape], as the model sees them."""
    most = max(1, min(most, most_values // math.prod(run.model.event_shape)))
    x = run_data.first_examples(run.config, run.data, most, split).x
    return run.model.as_floats(x).numpy()
