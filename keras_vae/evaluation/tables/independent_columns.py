"""A rival of models of tables: columns that don't depend on each other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_vae.columns import Column

_NUM_CELLS = 50  # of a histogram
_SMALLEST = 1e-300


class Cells(NamedTuple):
    """What the distribution of each column says of the cells of rows; all [M, D].

    Attributes:
      log_prob: in nats, 0 where a cell is unknown.
      low, high: the probabilities of less than the cell's value, and of no more than it.
    """

    log_prob: np.ndarray
    low: np.ndarray
    high: np.ndarray


def independent_columns(
    columns: Sequence[Column],
    train: np.ndarray,
    train_mask: np.ndarray | None,
    test: np.ndarray,
    test_mask: np.ndarray | None,
) -> Cells:
    """What columns that don't depend on each other say of test rows.

    A column of categories has their frequencies after one more of each, and 1 / (N + 1) for unseen
    ones. Another column has the frequencies of its spikes, and of all else a histogram of 50 cells
    of as many rows each, and beyond them 1 / (N + 1) on each side, falling exponentially.

    Args:
      columns: D columns.
      train, test: x, [N, D] and [M, D].
      train_mask, test_mask: which cells are known; None for all.
    """
    found = np.zeros((3, *test.shape))
    for i, column in enumerate(columns):
        seen = train[:, i] if train_mask is None else train[train_mask[:, i], i]
        found[:, :, i] = (_of_choices if column.is_choice else _of_numbers)(
            column, seen.astype(np.float64), test[:, i].astype(np.float64)
        )
    if test_mask is not None:
        found[0] = np.where(test_mask, found[0], 0.0)
    return Cells(*found)


def _of_choices(column, seen, x):
    size = len(column.categories)
    seen = seen[seen < size].astype(int)
    shares = (np.bincount(seen, minlength=size) + 1.0) / (len(seen) + size)
    probs = np.append((1.0 - column.unseen) * shares, max(column.unseen, _SMALLEST))
    high, x = np.cumsum(probs), np.minimum(x.astype(int), size)
    return np.log(probs[x]), (high - probs)[x], high[x]


def _of_numbers(column, seen, x):
    spikes = np.sort(np.array(column.spikes, np.float32).astype(np.float64))
    counts = np.array([np.count_nonzero(seen == spike) for spike in spikes])
    rest = seen[~np.isin(seen, spikes)] if len(spikes) else seen
    shares = np.append(counts, len(rest)) + 1.0
    shares /= shares.sum()
    # The width of a bin in x, where a cell has a probability and no density.
    step = 1.0 if column.kind == "count" else (column.step or 0.0) / column.unit
    histogram = _Histogram(rest if len(rest) else seen, step)
    below = np.append(0.0, np.cumsum(shares[:-1]))
    low = below[np.searchsorted(spikes, x)] + shares[-1] * histogram.below(x - 0.5 * step)
    spikes_below = np.searchsorted(spikes, x, side="right")
    high = below[spikes_below] + shares[-1] * histogram.below(x + 0.5 * step)
    if step:
        return np.log(np.maximum(high - low, _SMALLEST)), low, high
    density = shares[-1] * histogram.density(x)
    return np.log(np.maximum(density, _SMALLEST)) - np.log(column.unit), low, high


class _Histogram:
    """A histogram of `seen`, whose edges lie between bins of this width."""

    def __init__(self, seen, step):
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
        self._beyond, self._span = 1.0 / (len(seen) + 1.0), edges[-1] - edges[0]
        self._edges = edges
        self._masses = (1.0 - 2.0 * self._beyond) * (counts + 1.0) / (counts.sum() + len(counts))

    def density(self, x):
        place = np.searchsorted(self._edges, x, side="right") - 1
        inside = (place >= 0) & (place < len(self._masses))
        place = np.clip(place, 0, len(self._masses) - 1)
        outside = np.maximum(np.maximum(self._edges[0] - x, x - self._edges[-1]), 0.0)
        tails = self._beyond * np.exp(-outside / self._span) / self._span
        return np.where(inside, (self._masses / np.diff(self._edges))[place], tails)

    def below(self, x):
        """The probability of less than x."""
        inner = self._beyond + np.append(0.0, np.cumsum(self._masses))
        inside = np.interp(x, self._edges, inner)
        left, right = (np.maximum(d, 0.0) for d in (self._edges[0] - x, x - self._edges[-1]))
        inside = np.where(left > 0, self._beyond * np.exp(-left / self._span), inside)
        return np.where(right > 0, 1.0 - self._beyond * np.exp(-right / self._span), inside)
