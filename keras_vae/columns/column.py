"""One column of a table: its kind, and what its data settled."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

KINDS = {
    "number": "real numbers, of any decimals",
    "rounded": "numbers of so many `decimals`; 0: whole numbers",
    "count": "whole numbers from 0 on",
    "category": "texts or numbers in no order",
    "ordered": "`categories` in their order",
    "boolean": "true or false",
    "date": "days, or seconds, as `format` says",
    "constant": "one value, or none: left out",
    "id": "a name of its own for each row: left out",
    "text": "free text: left out",
}
LEFT_OUT = ("constant", "id", "text")
# The likelihoods that a kind may have, the usual one first.
LIKELIHOODS_OF = {
    "number": ("logistics", "normals", "student_t"),
    "count": ("zero_inflated", "negative_binomial", "poisson"),
}
_OF_CATEGORIES = ("category", "ordered", "boolean")
_SAID = ("name", "kind", "categories", "decimals", "format", "likelihood")


@dataclasses.dataclass(frozen=True)
class Squash:
    """A stored monotone transform of x: (asinh((x - center) / width) - mean) / stddev.

    It has all real numbers as its range, and is like a logarithm in long tails. A wide `width`
    leaves x as it is, but for its location and scale.
    """

    center: float = 0.0
    width: float = 1e6
    mean: float = 0.0
    stddev: float = 1.0

    @property
    def is_affine(self) -> bool:
        """Whether float32 can't tell it from a change of location and scale."""
        return self.stddev <= 1e-4


@dataclasses.dataclass(frozen=True)
class Column:
    """A column. The first six fields are what a schema file says, the others what data settled.

    A cell's x is the place of its category, or (value - offset) / unit, where a date's value is
    its days or seconds since 1970. Left-out columns have no x.

    Attributes:
      name: in the table's first row.
      kind: one of KINDS.
      categories: values by their x: texts, numbers or booleans.
      decimals: of a rounded number.
      format: of dates in texts, as strftime has it; None where they are no texts.
      likelihood: one of LIKELIHOODS_OF its kind.
      dtype: of the data, as pandas calls it.
      has_gaps: whether values were missing.
      frequencies: of each category, or of each spike and then of the rest, as shares of known
        cells.
      unseen: the probability of all categories that the data doesn't have, 1 / (N + 1); 0 where
        there can't be any. Their x is len(categories).
      offset, unit: see above.
      step: the width of the bins of rounded numbers and dates, in the column's own units; None
        where values have a density.
      squash: what brings x to a standard scale.
      spikes: x of values much more frequent than their neighbours.
      seconds: whether dates are whole seconds; else they are days.
      value: of a constant; None where all are missing.
    """

    name: str
    kind: str
    categories: tuple = ()
    decimals: int | None = None
    format: str | None = None
    likelihood: str | None = None
    dtype: str = "float64"
    has_gaps: bool = False
    frequencies: tuple[float, ...] = ()
    unseen: float = 0.0
    offset: float = 0.0
    unit: float = 1.0
    step: float | None = None
    squash: Squash = Squash()
    spikes: tuple[float, ...] = ()
    seconds: bool = False
    value: Any = None

    @property
    def is_choice(self) -> bool:
        """Whether x is the place of a category."""
        return self.kind in _OF_CATEGORIES

    @property
    def is_left_out(self) -> bool:
        """Whether the column has no x."""
        return self.kind in LEFT_OUT

    @property
    def in_minutes(self) -> bool:
        """Whether times are written without their seconds."""
        return self.seconds and self.format is not None and "%S" not in self.format

    @property
    def num_choices(self) -> int:
        """How many x a column of categories can have, that of unseen ones among them."""
        return len(self.categories) + (self.unseen > 0)

    def to_dict(self) -> dict[str, Any]:
        """Values of JSON: the fields that differ from their defaults."""
        found: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                found[field.name] = _to_json(value)
        return found

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Column":
        """The column that `to_dict` stored."""
        found: dict[str, Any] = dict(content)
        found |= {k: tuple(v) for k, v in content.items() if isinstance(v, list)}
        if "squash" in found:
            found["squash"] = Squash(**found["squash"])
        return cls(**found)

    def said(self) -> dict[str, Any]:
        """What a schema file says of it."""
        return {k: v for k, v in self.to_dict().items() if k in _SAID}


def as_columns(given: Iterable[Column | Mapping[str, Any]]) -> tuple[Column, ...]:
    """Columns, of which some may be given as `Column.to_dict` has them."""
    return tuple(c if isinstance(c, Column) else Column.from_dict(c) for c in given)


def from_said(content: Any) -> Column:
    """A column as a schema file says it, which no data has settled.

    Raises:
      ValueError: names the field.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get("name"), str):
        raise ValueError(f"schema: a column must be an object with a name, got {content!r:.80}.")
    name, kind = content["name"], content.get("kind")
    if unknown := sorted(set(content) - set(_SAID)):
        raise ValueError(
            f"schema: column {name!r} has {', '.join(unknown)}; a column has {', '.join(_SAID)}."
        )
    if kind not in KINDS:
        raise ValueError(
            f"schema: kind of column {name!r} must be one of {', '.join(KINDS)}, got {kind!r}."
        )
    likelihoods = LIKELIHOODS_OF.get(kind, ())
    if content.get("likelihood") not in (None, *likelihoods):
        wanted = f"one of {', '.join(likelihoods)}" if likelihoods else "left out"
        raise ValueError(
            f"schema: likelihood of column {name!r}, a {kind}, must be {wanted}, got "
            f"{content['likelihood']!r}."
        )
    decimals = content.get("decimals")
    if decimals is not None and not (type(decimals) is int and -6 <= decimals <= 12):
        raise ValueError(
            f"schema: decimals of column {name!r} must be a whole number, got {decimals!r}."
        )
    categories = content.get("categories", [])
    scalars = isinstance(categories, list) and all(
        isinstance(c, str | int | float) for c in categories
    )
    if not scalars or len(set(categories)) < len(categories):
        raise ValueError(
            f"schema: categories of column {name!r} must be a list of different texts or numbers, "
            f"got {categories!r:.80}."
        )
    if kind == "ordered" and len(categories) < 2:
        raise ValueError(
            f"schema: column {name!r} is ordered, and needs its categories in their order."
        )
    if not isinstance(content.get("format"), str | None):
        raise ValueError(f"schema: format of column {name!r} must be a text such as %d.%m.%Y.")
    return Column.from_dict(content)


def _to_json(value):
    if isinstance(value, tuple):
        return [_to_json(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return dataclasses.asdict(value) if isinstance(value, Squash) else value
