"""How alike rows of two tables are: in each column, and in each pair of columns.

The scores are those of SDMetrics' quality report, from 0 to 1, of cells that are known.

References:
  https://docs.sdv.dev/sdmetrics, "Column Shapes" and "Column Pair Trends".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_vae.columns.column import Column

_NUM_CELLS = 10  # into which a number is cut beside a category


class Rows(NamedTuple):
    """Rows x [N, D] of a table, and which cells are known, bool [N, D]; None for all."""

    x: np.ndarray
    mask: np.ndarray | None = None

    def known(self, *places: int) -> np.ndarray:
        """x [M, len(places)] of the rows that have all of these cells."""
        x = self.x[:, list(places)].astype(np.float64)
        return x if self.mask is None else x[self.mask[:, list(places)].all(axis=1)]


def shapes(columns: Sequence[Column], a: Rows, b: Rows) -> np.ndarray:
    """How alike each column is, [D].

    Of numbers 1 - the largest difference between both distribution functions (Kolmogorov &
    Smirnov); of categories 1 - half the sum of differences between both's shares (total variation).
    NaN where a column has no cell.
    """
    scores = np.full(len(columns), np.nan)
    for i, column in enumerate(columns):
        x, y = a.known(i)[:, 0], b.known(i)[:, 0]
        if len(x) and len(y):
            scores[i] = _overlap(x, y) if column.is_choice else 1.0 - _largest_step(x, y)
    return scores


def trends(columns: Sequence[Column], a: Rows, b: Rows) -> np.ndarray:
    """How alike each pair of columns depends on each other, [D, D], symmetric; NaN on the diagonal.

    Of two numbers 1 - half the difference between both's correlations. Where one is a category,
    1 - half the sum of differences between both's shares of pairs; a number is then cut into ten
    cells, as wide as each other, of the first table's range. NaN where there is nothing to compare.
    """
    scores = np.full([len(columns)] * 2, np.nan)
    for i, first in enumerate(columns):
        for j in range(i + 1, len(columns)):
            x, y, second = a.known(i, j), b.known(i, j), columns[j]
            if not (len(x) and len(y)):
                continue
            if first.is_choice or second.is_choice:
                cells = [_cut(x[:, k], y[:, k], c) for k, c in enumerate((first, second))]
                scores[i, j] = _overlap(*(u + 1e6 * v for u, v in zip(*cells, strict=True)))
            else:
                scores[i, j] = 1.0 - 0.5 * abs(_correlation(x) - _correlation(y))
            scores[j, i] = scores[i, j]
    return scores


def _overlap(x, y):
    """Half the sum of differences between shares of values is 1 - the sum of the lesser shares."""
    values, places = np.unique(np.concatenate([x, y]), return_inverse=True)
    of_x, of_y = (
        np.bincount(part, minlength=len(values)) / len(part)
        for part in (places[: len(x)], places[len(x) :])
    )
    return float(np.minimum(of_x, of_y).sum())


def _largest_step(x, y):
    values = np.concatenate([x, y])
    of_x, of_y = (
        np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (x, y)
    )
    return float(np.abs(of_x - of_y).max())


def _correlation(x):
    deviations = x - x.mean(axis=0)
    products = deviations.T @ deviations
    scale = np.sqrt(products[0, 0] * products[1, 1])
    return products[0, 1] / scale if scale > 0 else np.nan


def _cut(x, y, column):
    """Both in cells, those of a number of x's range."""
    if column.is_choice:
        return x, y
    edges = np.histogram_bin_edges(x, _NUM_CELLS)
    return np.digitize(x, edges), np.digitize(y, edges)
