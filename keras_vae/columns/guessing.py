"""The kind of a column, by its data."""

from typing import TYPE_CHECKING

import numpy as np

from keras_vae.columns.column import Column
from keras_vae.columns.lookalikes import date_formats

if TYPE_CHECKING:
    import pandas

_MOST_CATEGORIES = 1000
_MOST_DECIMALS = 6
_HIGHEST_COUNT = 255
# Words of a text, on average, from which on it is free text.
_WORDS = 3.0
_TRUTHS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})


def guess(series: "pandas.Series") -> Column:
    """The column that a pandas Series is likely to be, its data not yet settled."""
    from pandas.api import types

    name, known = str(series.name), series.dropna()
    num_distinct = known.nunique()
    if num_distinct < 2:
        return Column(name, "constant")
    if types.is_bool_dtype(series.dtype):
        return Column(name, "boolean", categories=(False, True))
    if types.is_datetime64_any_dtype(series.dtype):
        return Column(name, "date")
    if isinstance(series.dtype, _categorical()):
        if series.cat.ordered:
            return Column(name, "ordered", categories=tuple(series.cat.categories.tolist()))
        known = known.astype(series.cat.categories.dtype)
    if types.is_numeric_dtype(known.dtype):
        return _of_numbers(name, known.to_numpy(np.float64))
    return _of_texts(name, known, num_distinct)


def decimals_of(values: np.ndarray) -> int | None:
    """The least decimals, 6 at most, of which all values are; None where they have more."""
    size = np.abs(values).max()
    for decimals in range(_MOST_DECIMALS + 1):
        # Decimals beyond what float64 holds say nothing.
        if size * 10.0**decimals > 2**50:
            return None
        scaled = values * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(1.0, np.abs(scaled))):
            return decimals
    return None


def _of_numbers(name, values):
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return Column(name, "constant")
    decimals, low = decimals_of(values), values.min()
    if decimals == 0:
        if low == 0 and values.max() == 1:
            return Column(name, "boolean", categories=(0, 1))
        if len(values) > 2 and np.all(np.diff(values) == 1):
            return Column(name, "id")
        if low == 0 and values.max() <= _HIGHEST_COUNT:
            return Column(name, "count")
    return Column(name, "number") if decimals is None else Column(name, "rounded", (), decimals)


def _of_texts(name, known, num_distinct):
    texts = [str(value) for value in known.unique()[: 10 * _MOST_CATEGORIES]]
    for truths in _TRUTHS:
        if set(texts) == truths:
            return Column(name, "boolean", categories=tuple(sorted(truths)))
    formats = [format for format, fits in date_formats(texts).items() if fits.all()]
    if len(formats) == 1:
        return Column(name, "date", format=formats[0])
    if num_distinct <= min(_MOST_CATEGORIES, max(20, len(known) // 2)):
        return Column(name, "category")
    words = np.mean([len(text.split()) for text in texts])
    return Column(name, "text" if words >= _WORDS else "id")


def _categorical():
    import pandas

    return pandas.CategoricalDtype
