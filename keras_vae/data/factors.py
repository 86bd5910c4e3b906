"""Known factors of an npz: what made each image, a column of whole numbers for each factor."""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_vae.data.labels import different_names
from keras_vae.messages.sentences import some


def read_factors(
    name: str,
    tables: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    names: Sequence[str] | np.ndarray | None = None,
) -> dict[str, dict[str, np.ndarray]]:
    """The factors of each split by their names.

    Args:
      name: what errors call the data.
      tables: dict split -> whole numbers [N, F]; splits may be missing.
      sizes: dict split -> N, how many images the split has.
      names: of the F factors; None calls them factor_0, factor_1, ….

    Returns:
      dict split -> dict name -> int64 [N].

    Raises:
      ValueError: tables of another form, or names that don't fit.
    """
    for split, table in tables.items():
        if np.ndim(table) != 2 or table.dtype.kind not in "iub" or len(table) != sizes[split]:
            raise ValueError(
                f"Factors for {split} of {name} must be whole numbers, a row for each image, "
                f"[{sizes[split]}, F], got {table.dtype} {list(np.shape(table))}. Leave out what "
                "isn't such, or number its values."
            )
    widths = {split: table.shape[1] for split, table in tables.items()}
    called = _names(name, names, max(widths.values(), default=0))
    if any(width != len(called) for width in widths.values()):
        raise ValueError(
            f"factor_names of {name} must be one name for each column of its factors, got "
            f"{len(called)} names ({some(called)}) and columns {widths}."
        )
    return {
        split: {factor: np.int64(table[:, i]) for i, factor in enumerate(called)}
        for split, table in tables.items()
    }


def label_of(
    name: str, factors: Mapping[str, dict[str, np.ndarray]], label: str
) -> dict[str, np.ndarray]:
    """The labels of each split: the factor that is called so."""
    known = sorted({factor for columns in factors.values() for factor in columns})
    if label not in known:
        held = f"those of {name} are {some(known)}" if known else f"{name} has none"
        raise ValueError(f"label={label} must be a factor of the npz, and {held}.")
    return {split: columns[label] for split, columns in factors.items()}


def _names(name, given, width):
    if given is None:
        return tuple(f"factor_{i}" for i in range(width))
    return different_names(f"factor_names of {name}", given)
