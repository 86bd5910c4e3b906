"""One option: its default, and what flags and checks need to know about it."""

import types
import typing
from dataclasses import field


def option(default, help, *, choices=None, at_least=None, above=None, flag=True, before=None):
    """A dataclass field with what flags and checks need to know about it.

    `before` is the value of stored configs from before the option was, where it isn't the default.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "at_least": at_least,
        "above": above,
        "flag": flag,
        "before": default if before is None else before,
    }
    return field(default=default, metadata=metadata)


def value_type(annotation):
    """The type of an option's values: int for both `int` and `int | None`."""
    if isinstance(annotation, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None))
    return annotation


def element_type(annotation):
    """The type of one entry of a tuple option, or None if the option is no tuple."""
    wanted = value_type(annotation)
    return typing.get_args(wanted)[0] if typing.get_origin(wanted) is tuple else None


def coerce(annotation, value):
    """JSON's lists become tuples, and whole numbers floats where floats are meant."""
    if isinstance(value, list):
        return tuple(value)
    if value_type(annotation) is float and type(value) is int:
        return float(value)
    return value


def check_option(option_field, value) -> None:
    """Raises ValueError unless `value` is of the option's type and range."""
    name, meta = option_field.name, option_field.metadata
    if value is None and option_field.default is None:
        return
    element = element_type(option_field.type)
    if element and not isinstance(value, tuple):
        raise ValueError(f"{name} must be a tuple of {element.__name__}, got {value!r}.")
    values = value if element else (value,)
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
