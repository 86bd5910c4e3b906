"""Which feature of a TFDS set the labels are, and which are factors."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def find(
    name: str, features: Mapping[str, Any], wanted: str | None
) -> tuple[str | None, list[str] | None, list[str]]:
    """(column of the labels or None, names of its classes or None, list of notes).

    Args:
      name: the set's, for errors.
      features: of the set's info.
      wanted: a feature, "outer/inner" of one in another; None takes "label" where it can be.

    Raises:
      ValueError: there is no such feature, or it can't be a label.
    """
    known = {key: feature for key, feature in named(features) if _is_label(feature)}
    if wanted is None and "label" not in known:
        there = "label" in dict(named(features))
        return None, None, ["not used: label, which isn't one label an image"] if there else []
    column = wanted or "label"
    if column not in known:
        raise ValueError(
            f"label={wanted} must be a feature of whole numbers or text, one an image; "
            f"dataset={name} has {', '.join(sorted(known)) or 'none'}."
        )
    feature = known[column]
    return column, getattr(feature, "names", None) if feature.shape in ((), (1,)) else None, []


def named(features: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(name, feature) of all features; one in another is "outer/inner"."""
    for name, feature in features.items():
        if hasattr(feature, "items") and not hasattr(feature, "feature"):  # sequences have one
            yield from named(feature, f"{prefix}{name}/")
        else:
            yield prefix + name, feature


def factors(features: Mapping[str, Any]) -> dict[str, str]:
    """dict of the columns "label_shape", … and their names "shape", …; one alone is no factor.

    They are sorted by name, since TFDS gives stored columns in another order in another process.
    """
    found = {
        column: column.removeprefix("label_")
        for column, feature in sorted(features.items())
        if column.startswith("label_") and _is_whole_number(feature)
    }
    return found if len(found) > 1 else {}


def _is_label(feature):
    if _is_whole_number(feature):
        return True
    kind = _kind(feature)
    is_text = feature.shape == () and kind in "OSUT"
    is_one_hot = len(feature.shape or ()) == 1 and feature.shape[0] and kind in "iub"
    return is_text or bool(is_one_hot)


def _is_whole_number(feature):
    return feature.shape == () and _kind(feature) in "iub"


def _kind(feature):
    try:
        return np.dtype(feature.np_dtype).kind
    except (TypeError, ValueError, AttributeError):
        return "V"
