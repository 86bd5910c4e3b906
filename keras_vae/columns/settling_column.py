"""What its data settles of a column: categories, the scale of x, frequent values."""

import dataclasses

import numpy as np

from keras_vae.columns.column import LIKELIHOODS_OF, Column, Squash
from keras_vae.columns.guessing import decimals_of

# Spikes have at least so many rows, this share of the rows, and so many times those of the values
# around them.
_SPIKE_ROWS, _SPIKE_SHARE, _SPIKE_RATIO = 20, 0.0005, 3.0
_MOST_SPIKES = 128
_NEIGHBOURS = 4  # on each side
# Steps that float32 counts exactly, with the halves between them.
_MOST_STEPS = 2**22
# A transform must gain so many nats over a plainer one.
_LEAST_GAIN = 0.05
_WIDTHS = (0.01, 0.1, 1.0)


def settle_choices(column: Column, counts: dict, has_gaps: bool) -> Column:
    """The column with its categories, their frequencies, and the share of unseen ones.

    Args:
      column: of categories.
      counts: {category: rows}.
      has_gaps: whether cells are missing.
    """
    categories = column.categories or tuple(sorted(counts, key=lambda c: (isinstance(c, str), c)))
    known = sum(counts.values())
    each = [counts.get(category, 0) + 1 for category in categories]
    return dataclasses.replace(
        column,
        categories=categories,
        frequencies=tuple(round(n / sum(each), 6) for n in each),
        unseen=0.0 if column.kind == "boolean" else 1.0 / (known + 1),
        has_gaps=has_gaps,
    )


def settle_numbers(column: Column, values: np.ndarray, has_gaps: bool) -> Column:
    """The column with the scale of its x, its spikes and its likelihood.

    Args:
      column: of numbers, counts or dates.
      values: float64 [N], those known, in the column's own units.
      has_gaps: whether cells are missing.
    """
    low, high = float(values.min()), float(values.max())
    found: dict = {"has_gaps": has_gaps, "likelihood": column.likelihood}
    if column.kind == "number":
        spread = float(np.std(values)) or 1.0
        found |= {"offset": float(np.median(values)), "unit": spread}
    elif column.kind != "count":
        if column.kind == "rounded" and column.decimals is None:
            found["decimals"] = decimals_of(values) or 0
        decimals = found.get("decimals", column.decimals) or 0
        step = 10.0**-decimals
        fits = (high - low) / step <= _MOST_STEPS
        unit = step if fits else (high - low) / 2.0
        offset = low if fits else float(np.round((high + low) / 2.0, decimals))
        found |= {"step": step, "offset": offset, "unit": unit}
    column = dataclasses.replace(column, **found)
    x = (values - column.offset) / column.unit
    if column.step is not None:
        x = np.rint(x) if column.unit == column.step else x
        spikes, shares = _spikes(x)
        column = dataclasses.replace(column, spikes=spikes, frequencies=shares)
        rest = x[~np.isin(x, spikes)]
        x = rest if len(np.unique(rest)) > 1 else x
    elif column.likelihood is None:
        usual = LIKELIHOODS_OF[column.kind][0]
        column = dataclasses.replace(
            column, likelihood=_of_counts(x) if column.kind == "count" else usual
        )
    return dataclasses.replace(column, squash=fit_squash(x))


def fit_squash(x: np.ndarray) -> Squash:
    """The transform after which x [N] is likeliest as a normal, as Box & Cox (1964) choose one."""
    spread, half = float(np.std(x)) or 1.0, float(np.ptp(np.percentile(x, [25, 75]))) / 1.35
    # Affine first: others must be better.
    candidates = [(float(np.mean(x)), 1e6 * spread)]
    for center in (float(np.median(x)), float(x.min())):
        candidates += [(center, width * (half or spread)) for width in _WIDTHS]
    best, found = -np.inf, None
    for center, width in candidates:
        scaled = (x - center) / width
        y = np.arcsinh(scaled)
        stddev = float(np.std(y))
        if not stddev > 0:
            continue
        gain = -np.log(stddev * width) - 0.5 * float(np.mean(np.log1p(scaled**2)))
        if found is None or gain > best + _LEAST_GAIN:
            best, found = gain, Squash(center, width, float(np.mean(y)), stddev)
    return found or Squash()


def _spikes(x):
    """(x of spikes, most frequent first; their shares and that of all other values)."""
    values, counts = np.unique(x, return_counts=True)
    around = np.pad(counts, _NEIGHBOURS, mode="reflect") if len(counts) > 8 else None
    if around is None:
        usual = np.full(len(counts), np.median(counts))
    else:
        windows = np.lib.stride_tricks.sliding_window_view(around, 2 * _NEIGHBOURS + 1)
        usual = np.median(windows, axis=1)
    enough = np.maximum(_SPIKE_ROWS, _SPIKE_SHARE * len(x))
    found = np.flatnonzero((counts >= enough) & (counts > _SPIKE_RATIO * usual))
    found = found[np.argsort(-counts[found], kind="stable")][:_MOST_SPIKES]
    if not len(found):
        return (), ()
    rest = len(x) - counts[found].sum() + 1
    shares = np.append(counts[found], rest) / (len(x) + 1)
    return tuple(values[found].tolist()), tuple(np.round(shares, 6).tolist())


def _of_counts(x):
    """The likelihood of counts that their first moments suggest."""
    mean, variance, zeros = np.mean(x), np.var(x), np.mean(x == 0)
    if variance <= 1.2 * mean:
        return "poisson" if zeros <= 1.2 * np.exp(-mean) else "zero_inflated"
    shape = mean**2 / (variance - mean)  # A negative binomial has (r / (r + mean))^r zeros.
    wanted = (shape / (shape + mean)) ** shape
    return "zero_inflated" if zeros > 1.2 * wanted else "negative_binomial"
