"""How near rows are to those of training: whether a model's rows are copies."""

from collections.abc import Sequence

import numpy as np

from keras_vae.columns.alikeness import Rows
from keras_vae.columns.column import Column

_VALUES = 2**24  # distances in work together


def brightness(column: Column, x: np.ndarray) -> np.ndarray:
    """x of a column from 0 to 1; numbers after their stored transform, 3 deviations either way."""
    if column.is_choice:
        return np.clip(x / max(1, column.num_choices - 1), 0.0, 1.0)
    s = column.squash
    y = (np.arcsinh((x.astype(np.float64) - s.center) / s.width) - s.mean) / s.stddev
    return np.clip(0.5 + y / 6.0, 0.0, 1.0).astype(np.float32)


def closest(columns: Sequence[Column], rows: Rows, train: Rows) -> np.ndarray:
    """The distance [N] of each row to the nearest of training, from 0 to 1.

    It is the mean, over cells that the row knows, of 1 where categories differ or the training row
    lacks the cell, and of the difference between numbers' `brightness` (after Gower 1971).
    """
    (x, x_known), (y, y_known) = (_prepared(columns, part) for part in (rows, train))
    found, size = np.empty(len(x), np.float32), max(1, _VALUES // len(y))
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        total = np.zeros([len(x[part]), len(y)], np.float32)
        for i, column in enumerate(columns):
            difference = np.abs(x[part, i, np.newaxis] - y[:, i])
            difference = difference > 0 if column.is_choice else difference
            difference = np.where(y_known[:, i], difference, 1.0)
            total += difference * x_known[part, i, np.newaxis]
        found[part] = total.min(axis=1) / np.maximum(1, x_known[part].sum(axis=1))
    return found


def _prepared(columns, rows):
    x = [brightness(column, rows.x[:, i]) for i, column in enumerate(columns)]
    known = np.ones(rows.x.shape, bool) if rows.mask is None else np.asarray(rows.mask)
    return np.stack(x, axis=1), known
