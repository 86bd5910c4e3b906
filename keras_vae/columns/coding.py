"""Cells of a pandas Series to x, and back."""

import dataclasses
import warnings
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.columns.column import Column
from keras_vae.columns.settling_column import settle_choices, settle_numbers
from keras_vae.messages.sentences import some

if TYPE_CHECKING:
    import pandas


def settle(column: Column, series: "pandas.Series") -> Column:
    """The column with what a Series settles.

    Raises:
      ValueError: its cells aren't of the column's kind.
    """
    column = dataclasses.replace(column, dtype=str(series.dtype))
    if column.kind == "constant":
        known = series.dropna()
        value = None if known.empty else known.iloc[0]
        value = value.item() if isinstance(value, np.generic) else value
        simple = isinstance(value, str | int | float | bool | None)
        return dataclasses.replace(column, value=value if simple else str(value))
    if column.is_left_out:
        return column
    if series.notna().sum() == 0:
        raise ValueError(
            f"column {column.name!r} has no value: all of it is missing. Leave it out."
        )
    if column.is_choice:
        counts = series.dropna().value_counts(sort=False)
        counts = {_plain(value): int(n) for value, n in counts.items() if n}
        if column.kind == "boolean" and not column.categories:
            column = dataclasses.replace(column, categories=tuple(sorted(counts)))
        if column.kind == "boolean" and len(column.categories) != 2:
            raise ValueError(
                f"column {column.name!r} is boolean and has {len(column.categories)} values: "
                f"{some([str(c) for c in column.categories], 4)}. Say kind=category in the schema."
            )
        return settle_choices(column, counts, bool(series.isna().any()))
    if column.kind == "date":
        column = dataclasses.replace(column, seconds=_has_times(column, series))
    values, known = numbers(column, series)
    values = values[known]
    if not len(values):
        raise ValueError(f"column {column.name!r} has no finite value. Leave it out.")
    if values.min() == values.max():
        raise ValueError(
            f"column {column.name!r} has one value, {values[0]:g}, and nothing to learn from. Say "
            "kind=constant in the schema."
        )
    if np.abs(values).max() > 1e100:
        raise ValueError(
            f"column {column.name!r} has values up to {np.abs(values).max():.3g}, which are too "
            "large to be learned from. Rescale it, as by a logarithm."
        )
    if column.kind == "count" and (values.min() < 0 or np.any(values != np.rint(values))):
        raise ValueError(
            f"column {column.name!r} is a count, a whole number from 0 on, and has values such as "
            f"{values[(values < 0) | (values != np.rint(values))][0]:g}. Say kind=rounded in the "
            "schema."
        )
    return settle_numbers(column, values, not known.all())


def to_x(column: Column, series: "pandas.Series") -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(x float32 [N], 0 where unknown; which are known, bool [N]; unseen categories).

    Raises:
      ValueError: cells aren't of the column's kind.
    """
    if not column.is_choice:
        values, known = numbers(column, series)
        x = np.where(known, (values - column.offset) / column.unit, 0.0)
        if column.step is not None and column.unit == column.step:
            x = np.rint(x)
        if column.kind == "count" and np.any((x < 0) | (x != np.rint(x))):
            raise ValueError(
                f"column {column.name!r} is a count, a whole number from 0 on, and has "
                f"{x[(x < 0) | (x != np.rint(x))][0]:g}."
            )
        if np.abs(x).max(initial=0.0) > 1e18:
            raise ValueError(
                f"column {column.name!r} has a value of {values[np.argmax(np.abs(x))]:.3g}, far "
                "beyond those of training. Clean it."
            )
        return x.astype(np.float32), known, []
    places = {category: place for place, category in enumerate(column.categories)}
    # Each different value is looked up once.
    codes, values = series.factorize()
    found = [places.get(_plain(value)) for value in values]
    unseen = [str(value) for value, place in zip(values, found, strict=True) if place is None]
    if unseen and not column.unseen:
        raise ValueError(
            f"column {column.name!r} is {column.categories[0]} or {column.categories[1]}, and has "
            f"{some(unseen, 3)}."
        )
    table = np.array([len(places) if p is None else p for p in found] + [0], np.float32)
    return table[codes], codes >= 0, unseen


def to_cells(column: Column, x: np.ndarray, known: np.ndarray) -> "pandas.Series":
    """A pandas Series of x [N], missing where it isn't known; in the type of the data."""
    import pandas

    if column.kind == "constant":
        return pandas.Series([column.value] * len(x), dtype=_dtype(column), name=column.name)
    if column.is_choice:
        places = np.where(known, np.rint(x), -1).astype(int)
        categories = [*column.categories, *([None] if column.unseen else [])]
        cells = pandas.Series(categories, dtype=object).reindex(places)
        ordered = column.kind == "ordered" and column.dtype == "category"
        if column.dtype == "category":
            cells = pandas.Categorical(cells, column.categories, ordered=ordered)
            return pandas.Series(cells, name=column.name)
        return _as_dtype(column, pandas.Series(cells.to_numpy(), name=column.name))
    values = x.astype(np.float64) * column.unit + column.offset
    if column.step is not None or column.kind == "count":
        values = np.round(values, column.decimals or 0)
    values = np.where(known, values, np.nan)
    if column.kind == "date":
        if column.in_minutes:
            values = 60.0 * np.round(values / 60.0)
        dates = pandas.to_datetime(
            pandas.Series(values, name=column.name), unit="s" if column.seconds else "D"
        )
        return dates if column.format is None else dates.dt.strftime(column.format)
    return _as_dtype(column, pandas.Series(values, name=column.name))


def numbers(column: Column, series: "pandas.Series") -> tuple[np.ndarray, np.ndarray]:
    """(values float64 [N] in the column's own units, which of them are known, bool [N]).

    Infinite values count as missing.
    """
    import pandas

    if column.kind == "date":
        dates = _dates(column, series)
        known = dates.notna().to_numpy()
        seconds = (dates - pandas.Timestamp(0)) / pandas.Timedelta(seconds=1)
        values = seconds.to_numpy(np.float64) / (1.0 if column.seconds else 86400.0)
        return np.where(known, values, 0.0), known
    if isinstance(series.dtype, pandas.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    values = pandas.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.isnan(values) & series.notna().to_numpy()
    if bad.any():
        raise ValueError(
            f"column {column.name!r} must hold numbers ({column.kind}), got "
            f"{str(series[bad].iloc[0])!r:.60} in {bad.sum()} cells. Clean it, or say that they "
            "are missing by csv_options=missing=…"
        )
    known = np.isfinite(values)
    return np.where(known, values, 0.0), known


def _dates(column, series):
    """Dates without a time zone."""
    import pandas

    if isinstance(series.dtype, pandas.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if pandas.api.types.is_numeric_dtype(series.dtype):
        raise ValueError(
            f"column {column.name!r} must hold dates, got the number {series.dropna().iloc[0]}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dates = pandas.to_datetime(series, format=column.format, errors="coerce", utc=True)
    bad = (dates.isna() & series.notna()).to_numpy()
    if bad.any():
        wanted = f"as {column.format}" if column.format else "such as 2024-12-31"
        raise ValueError(
            f"column {column.name!r} must hold dates {wanted}, got "
            f"{str(series[bad].iloc[0])!r:.60} in {bad.sum()} cells. Say their format in the "
            "schema."
        )
    return dates.dt.tz_localize(None)


def _has_times(column, series):
    dates = _dates(column, series).dropna()
    return bool((dates != dates.dt.normalize()).any())


def _plain(value):
    """A category as Python has it; whole floats are whole numbers, as gaps make floats of them."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _dtype(column):
    return object if column.value is None else None


def _as_dtype(column, series):
    """The series in the type of the data, where its gaps allow it."""
    dtype = column.dtype
    if dtype == "category" or (series.isna().any() and dtype.startswith(("int", "uint", "bool"))):
        return series
    return series.astype(dtype)
