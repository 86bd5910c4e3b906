"""Texts that look like numbers or dates, and what to say so that they become such."""

import itertools
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_vae.messages.sentences import some

if TYPE_CHECKING:
    import pandas

_MOST_TEXTS = 10_000  # different ones of a column that are looked at
_FIRST = 20  # of them, by which a format is tried
_NEARLY_ALL = 0.9
_MARKS = {"point": ".", "comma": ",", "space": " "}
# Dates with dots have their day first. Others have either order.
_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
)
_DATE = re.compile(r"\d{1,4}[-/. ]\w{1,3}[-/. ]\d{1,4}")
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M:%SZ")


def date_formats(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Formats by which some of the texts [N] are dates, and which of them, bool [N].

    Of two that fit the same texts, days and months can't be told apart.
    """
    found: dict[str, np.ndarray] = {}
    if not any(map(_DATE.match, texts[:_FIRST])):
        return found
    for day in _DAYS:
        fits = {format: _are_dates(texts, format) for format in (day + time for time in _TIMES)}
        best = max(fits, key=lambda format: fits[format].sum())
        if fits[best].any():
            found[best] = fits[best]
    return found


def number_forms(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """csv_options by which some of the texts [N] are numbers, and which of them, bool [N].

    A form is one where the text has its mark, of decimals or thousands; "" is that of no options.
    """
    found: dict[str, np.ndarray] = {}
    for decimal, thousands in itertools.product(("point", "comma"), (None, *_MARKS)):
        if decimal == thousands:
            continue
        whole = r"\d+" if thousands is None else rf"\d{{1,3}}(\{_MARKS[thousands]}\d{{3}})*"
        form = re.compile(rf"[-+]?{whole}(\{_MARKS[decimal]}\d+)?")
        fits = np.array([form.fullmatch(text) is not None for text in texts], bool)
        mark = _MARKS[thousands or decimal]
        if any(mark in text for text, fit in zip(texts, fits, strict=True) if fit):
            options = ["decimal=comma"] * (decimal == "comma")
            options += [f"thousands={thousands}"] * (thousands is not None)
            found[",".join(options)] = fits
    return found


def notes(columns: Iterable["pandas.Series"]) -> list[str]:
    """A sentence for each thing to say, with the columns of texts to which it applies."""
    remedies: dict[str, list[str]] = {}
    for column in columns:
        if (remedy := _remedy(different(column))) is not None:
            remedies.setdefault(remedy, []).append(repr(str(column.name)))
    return [f"in {some(names)}, {remedy}" for remedy, names in remedies.items()]


def different(column: "pandas.Series") -> list[str]:
    """The different texts of a column, those of a very long one in part."""
    return [str(value) for value in column.dropna().unique()[:_MOST_TEXTS]]


def _remedy(texts):
    """What a column of these texts looks like, and what to say if it is; or None."""
    dates, numbers = date_formats(texts), number_forms(texts)
    if formats := [format for format, fits in dates.items() if fits.all()]:
        return (
            "texts look like dates, and days and months can't be told apart; say kind=date and "
            f"format={' or '.join(formats)} in the schema"
        )
    if forms := [form for form, fits in numbers.items() if fits.all()]:
        say = [f"csv_options={form}" if form else "kind=number in the schema" for form in forms]
        return f"texts look like numbers; if so, say {' or '.join(say)}"
    whole = np.array([text.isdecimal() for text in texts], bool)
    for kind, found in (("dates", dates), ("numbers", {**numbers, "whole": whole})):
        fits = max(found.values(), key=np.sum, default=np.zeros(len(texts), bool))
        others = [text for text, fit in zip(texts, fits, strict=True) if not fit][:3]
        if others and np.mean(fits) >= _NEARLY_ALL:
            names = "|".join([*others, "?", "NA"])
            return (
                f"texts look like {kind} but for some such as {', '.join(map(repr, others))}; if "
                f"these are missing cells, say csv_options=missing={names}"
            )
    return None


def _are_dates(texts, format):
    """Which texts are dates of this format; none, if none of the first ones is."""
    import pandas

    found = np.zeros(len(texts), bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in (slice(_FIRST), slice(None)):
            some_texts = pandas.Series(texts[part], dtype=object)
            fits = pandas.to_datetime(some_texts, format=format, errors="coerce").notna()
            if not fits.any():
                break
            found[part] = fits
    return found
