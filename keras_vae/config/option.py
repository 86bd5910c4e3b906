"""One option: its default, and what flags and checks need to know about it."""

import types
import typing
from collections.abc import Mapping
from dataclasses import Field, field
from typing import Any

from keras_vae.config.members import Member

_MOST_ENTRIES = 1000
_LEAST = 1e-37  # Smaller numbers lose digits in float32, or all of them.


def option(
    default: Any,
    help: str,
    *,
    choices: Mapping[str, Member | str] | None = None,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    flag: bool = True,
    before: Any = ...,
    separator: str = ",",
) -> Any:
    """A dataclass field with what flags and checks need to know about it.

    Args:
      default: the option's value where none is given.
      help: what the option is, in one line.
      choices: the values it may have, each with one line about it: an axis, or texts by name.
      at_least, above, at_most: bounds of the value, or of each entry of a tuple.
      flag: whether users set it by a flag; otherwise the data sets it.
      before: the value that a stored config without this option counts as, or the former default
        where the default has changed; `default` if not given.
      separator: the text between the entries of a tuple in a flag.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "at_least": at_least,
        "above": above,
        "at_most": at_most,
        "flag": flag,
        "before": default if before is ... else before,
        "separator": separator,
    }
    return field(default=default, metadata=metadata)


def value_type(annotation: Any) -> Any:
    """The type of an option's values: int for both `int` and `int | None`."""
    if isinstance(annotation, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def element_type(annotation: Any) -> type | None:
    """The type of one entry of a tuple option, or None if the option is no tuple."""
    wanted = value_type(annotation)
    return typing.get_args(wanted)[0] if typing.get_origin(wanted) is tuple else None


def coerce(annotation: Any, value: Any) -> Any:
    """JSON's lists become tuples, and whole numbers floats where floats are meant."""
    if isinstance(value, list):
        return tuple(value)
    if value_type(annotation) is float and type(value) is int:
        return float(value)
    return value


def check_option(option_field: Field, value: Any) -> None:
    """Raises ValueError unless `value` is of the option's type and range."""
    name, meta = option_field.name, option_field.metadata
    if value is None and type(None) in typing.get_args(option_field.type):
        return
    element = element_type(option_field.type)
    if element and not isinstance(value, tuple):
        raise ValueError(f"{name} must be a tuple of {element.__name__}, got {value!r}.")
    values = value if element else (value,)
    if len(values) > _MOST_ENTRIES:
        raise ValueError(f"{name} must have at most {_MOST_ENTRIES} entries, got {len(values)}.")
    element = element or value_type(option_field.type)
    for v in values:
        if not isinstance(v, element) or isinstance(v, bool) != (element is bool):
            raise ValueError(f"{name} must be {element.__name__}, got {value!r}.")
        if meta["choices"] and v not in meta["choices"]:
            raise ValueError(f"{name} must be one of {', '.join(meta['choices'])}, got {v!r}.")
        if meta["at_least"] is not None and not v >= meta["at_least"]:
            raise ValueError(f"{name} must be at least {meta['at_least']}, got {v}.")
        if meta["above"] is not None and not v > meta["above"]:
            raise ValueError(f"{name} must be above {meta['above']}, got {v}.")
        if meta["at_most"] is not None and not v <= meta["at_most"]:
            raise ValueError(f"{name} must be at most {bound(meta['at_most'])}, got {v}.")
        if isinstance(v, float) and 0 < abs(v) < _LEAST:
            raise ValueError(f"{name}={v} is 0 in float32. Use {_LEAST:g} or more.")


def bound(number: float) -> str:
    """A bound as people read it."""
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def range_of(option_field: Field) -> str:
    """An option's bounds in words; empty where it has none."""
    meta = option_field.metadata
    most = "" if meta["at_most"] is None else bound(meta["at_most"])
    if meta["above"] is not None:
        return f"above {bound(meta['above'])}" + (most and f", at most {most}")
    if meta["at_least"] is None:
        return ""
    return f"{bound(meta['at_least'])} " + (f"to {most}" if most else "or more")
