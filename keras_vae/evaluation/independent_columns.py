"""A rival of models of tables: columns that don't depend on each other."""

from collections.abc import Sequence

import numpy as np

from keras_vae.columns import Column

_NUM_CELLS = 50  # of a histogram


def independent_columns(
    columns: Sequence[Column],
    train: np.ndarray,
    train_mask: np.ndarray | None,
    test: np.ndarray,
    test_mask: np.ndarray | None,
) -> np.ndarray:
    """log p of each test cell in nats, [M, D], 0 where it is unknown.

    A column of categories has their frequencies after one more of each, and 1 / (N + 1) for unseen
    ones. Another column has the frequencies of its spikes, and of all else a histogram of 50 cells
    of as many rows each, and beyond them 1 / (N + 1) on each side, falling exponentially.

    Args:
      columns: D columns.
      train, test: x, [N, D] and [M, D].
      train_mask, test_mask: which cells are known; None for all.
    """
    found = np.zeros(test.shape)
    for i, column in enumerate(columns):
        seen = train[:, i] if train_mask is None else train[train_mask[:, i], i]
        log_prob = (_of_choices if column.is_choice else _of_numbers)(column, seen, test[:, i])
        found[:, i] = log_prob if test_mask is None else np.where(test_mask[:, i], log_prob, 0.0)
    return found


def _of_choices(column, seen, x):
    size = len(column.categories)
    seen = seen[seen < size].astype(int)
    shares = (np.bincount(seen, minlength=size) + 1.0) / (len(seen) + size)
    unseen = column.unseen
    probs = np.append((1.0 - unseen) * shares, max(unseen, 1e-300))
    return np.log(probs[x.astype(int)])


def _of_numbers(column, seen, x):
    seen, x = seen.astype(np.float64), x.astype(np.float64)
    spikes = np.array(column.spikes, np.float32).astype(np.float64)
    counts = np.array([np.count_nonzero(seen == spike) for spike in spikes])
    rest = seen[~np.isin(seen, spikes)] if len(spikes) else seen
    shares = np.append(counts, len(rest)) + 1.0
    shares /= shares.sum()
    # The width of a bin in x, where a cell has a probability and no density.
    step = 1.0 if column.kind == "count" else (column.step or 0.0) / column.unit
    log_unit = np.log(column.unit) if column.step is None and column.kind != "count" else 0.0
    density = shares[-1] * _histogram(rest if len(rest) else seen, step, x)
    if step:
        density = density * step
    for spike, share in zip(spikes, shares, strict=False):
        density = density + share * (x == spike)
    return np.log(np.maximum(density, 1e-300)) - log_unit


def _histogram(seen, step, x):
    """The density at x of a histogram of `seen`, whose edges lie between bins of this width."""
    edges = np.quantile(seen, np.linspace(0.0, 1.0, _NUM_CELLS + 1))
    if step:
        edges = step * (np.floor(edges / step) + 0.5)
        edges[0] -= step
    edges = np.unique(edges)
    if len(edges) == 1:
        edges = edges + np.array([-0.5, 0.5])
    if not step:
        edges[-1] = np.nextafter(edges[-1], np.inf)
    counts = np.histogram(seen, edges)[0]
    beyond, span = 1.0 / (len(seen) + 1.0), edges[-1] - edges[0]
    masses = (1.0 - 2.0 * beyond) * (counts + 1.0) / (counts.sum() + len(counts))
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(counts) - 1)
    outside = np.maximum(np.maximum(edges[0] - x, x - edges[-1]), 0.0)
    inside = (x >= edges[0]) & (x < edges[-1])
    tails = beyond * np.exp(-outside / span) / span
    return np.where(inside, (masses / np.diff(edges))[place], tails)
