"""Numbers of any dtype as the values that a likelihood takes.

What a likelihood takes is one of VALUES. The rules are "Values" of docs/reference/data.md.
"""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from keras_vae.messages import remedies
from keras_vae.ops.whole_numbers import BYTES, FEW, MOST, dtype_of, infer_levels, to_bytes

VALUES = {
    "binary": "black and white",
    "unit": "values from 0 to 1",
    "levels": "levels",
    "real": "real numbers",
    "counts": "counts",
}


@dataclasses.dataclass(frozen=True)
class Seen:
    """The facts of arrays that decide how their numbers are taken.

    Attributes:
      kind: "bool", "whole" or "float", of their dtype.
      low, high: the lowest and the highest, as Python numbers.
      two_valued: whether they are all 0 or `high`.
    """

    kind: str
    low: int | float
    high: int | float
    two_valued: bool


@dataclasses.dataclass(frozen=True)
class Scale:
    """How numbers are taken.

    Attributes:
      dtype: of what is kept: bool, uint8, uint16 or float32.
      levels: see `Split`.
      rounded_from: the number of levels that are rounded to 256; or None.
      note: a sentence, or None.
    """

    dtype: np.dtype
    levels: int | None
    rounded_from: int | None = None
    note: str | None = None

    @property
    def is_binary(self) -> bool:
        return self.dtype == bool

    @property
    def notes(self) -> list[str]:
        """The note in a list, empty if there is none."""
        return [self.note] if self.note else []

    def take(self, x: np.ndarray) -> np.ndarray:
        """x on this scale."""
        if self.rounded_from:
            return to_bytes(x, self.rounded_from)
        return x > 0 if self.is_binary else x.astype(self.dtype, copy=False)


def on_one_scale(
    name: str, arrays: Mapping[str, np.ndarray], values: str, grey_levels: int | None = None
) -> tuple[dict[str, np.ndarray], int | None, list[str]]:
    """The arrays of all splits on one scale.

    Args:
      name: what errors call the data.
      arrays: dict split -> array that `check_numbers` has passed.
      values: which of VALUES.
      grey_levels: how many levels whole numbers have; None goes by the highest of all splits.

    Returns:
      (dict split -> array of bool, uint8, uint16 or float32; levels; list of notes).

    Raises:
      ValueError: splits of different kinds, or values that the likelihood can't take.
    """
    kinds = {_kind(x) for x in arrays.values()}
    if kinds == {"bool", "whole"} and all(np.all((x == 0) | (x == 1)) for x in arrays.values()):
        arrays = {split: x.astype(np.uint8, copy=False) for split, x in arrays.items()}
    elif len(kinds) > 1:
        dtypes = {split: str(x.dtype) for split, x in arrays.items()}
        raise ValueError(
            f"The splits of {name} must hold images of one dtype and shape, got {dtypes}. Convert "
            "them."
        )
    seen = look(arrays.values())
    if seen.kind == "float" and not _is_black_and_white(seen, values, grey_levels):
        if values == "levels" and grey_levels:
            arrays = {s: _to_whole(f"{s} of {name}", x, grey_levels) for s, x in arrays.items()}
            seen = look(arrays.values())
        else:
            _check_floats(name, seen, values, list(arrays.values()))
    scale = decide(name, seen, values, grey_levels)
    notes = scale.notes
    others = {x.dtype.name for x in arrays.values()} - {"uint8"}
    if seen.kind == "whole" and scale.levels == BYTES and others and not (notes or grey_levels):
        found = ", ".join(sorted(others))
        notes = [f"{found} up to {seen.high} is taken as bytes, 255 being white"]
    return {split: scale.take(x) for split, x in arrays.items()}, scale.levels, notes


def check_numbers(name: str, x: np.ndarray) -> None:
    """Raises ValueError unless x holds finite numbers."""
    if x.dtype.kind == "O" and x.ndim == 1:
        raise ValueError(
            f"{name} must be one array of numbers, got {len(x)} objects. Write np.stack(list(x)) "
            "of images of one shape."
        )
    if x.dtype.kind not in "buif":
        remedy = remedies.to_numbers(x.dtype)
        raise ValueError(f"{name} must hold numbers, got dtype {x.dtype}. {remedy}")
    if x.dtype.kind != "f" or not x.size:
        return
    finite = np.isfinite(x)
    if not finite.all():
        first = np.unravel_index(np.argmin(finite), x.shape)
        or_missing = " Or say missing=nan: then NaN is unknown." if np.isnan(x).any() else ""
        raise ValueError(
            f"{name} must be finite, got {x.size - np.count_nonzero(finite)} NaN or infinite "
            f"values, the first at {[int(i) for i in first]}. Clean it.{or_missing}"
        )
    high = np.finfo(np.float32).max
    if x.dtype.itemsize > 4 and (x.max() > high or x.min() < -high):
        raise ValueError(
            f"{name} must fit into float32, got {x.min():.4g} to {x.max():.4g}. Rescale it."
        )


def look(arrays: Iterable[np.ndarray]) -> Seen:
    """The facts of all arrays together, which are of one kind."""
    arrays = list(arrays)
    low, high = min(x.min().item() for x in arrays), max(x.max().item() for x in arrays)
    whites = (1,) if arrays[0].dtype.kind == "f" else (1, BYTES - 1, MOST - 1)
    two_valued = high in whites and all(np.all((x == 0) | (x == high)) for x in arrays)
    return Seen(_kind(arrays[0]), low, high, two_valued)


def decide(name: str, seen: Seen, values: str, grey_levels: int | None = None) -> Scale:
    """How numbers with these facts are taken. Floats must have been checked.

    Raises:
      ValueError: whole numbers that the likelihood can't take.
    """
    if grey_levels and not 2 <= grey_levels <= MOST:
        raise ValueError(f"grey_levels must be from 2 to {MOST}, got {grey_levels}.")
    if _is_black_and_white(seen, values, grey_levels):
        return Scale(np.dtype(bool), 2)
    if seen.kind == "float":
        return Scale(np.dtype(np.float32), None)
    if values == "counts":
        return _counts(name, seen, grey_levels)
    low, high, most = seen.low, seen.high, (grey_levels or MOST) - 1
    if low < 0 or high > most:
        if values == "real":
            note = f"whole numbers from {low} to {high} are taken as real numbers, as they are"
            return Scale(np.dtype(np.float32), None, note=note)
        raise ValueError(_beyond(name, seen, values, grey_levels))
    levels = grey_levels or infer_levels(int(high))
    if values == "levels" and levels > BYTES:
        note = f"{levels} levels are rounded to {BYTES}, for a likelihood of levels"
        return Scale(np.dtype(np.uint8), BYTES, rounded_from=levels, note=note)
    of_levels = None
    if not grey_levels and levels != BYTES:
        of_levels = (
            f"whole numbers from {low} to {high} are taken as {levels} levels, {levels - 1} being "
            "white; grey_levels=256, say, states another number"
        )
    return Scale(dtype_of(levels), levels, note=of_levels)


def _kind(x):
    return {"b": "bool", "u": "whole", "i": "whole", "f": "float"}[x.dtype.kind]


def _is_black_and_white(seen, values, grey_levels):
    """Whether the numbers are taken as {0, 1}; grey_levels may say that they aren't."""
    if seen.kind == "bool" or not seen.two_valued:
        return seen.kind == "bool"
    if values == "counts":
        return seen.high == 1
    known = {1: (2, BYTES), BYTES - 1: (BYTES,), MOST - 1: (MOST,)}
    return grey_levels is None or grey_levels in known[seen.high]


def _counts(name, seen, grey_levels):
    if seen.low < 0:
        raise ValueError(
            f"{name} must hold counts, whole numbers from 0 on, for this likelihood, got "
            f"{seen.low} to {seen.high}. Use likelihood=normal."
        )
    if seen.high < BYTES:
        return Scale(np.dtype(np.uint8), None)
    # A run that was stored when larger counts were floats has 256 levels.
    is_short = seen.high < MOST and grey_levels != BYTES
    return Scale(np.dtype(np.uint16 if is_short else np.float32), None)


def _beyond(name, seen, values, grey_levels):
    """The error of whole numbers that are too low or too high."""
    wanted = f"{name} must hold whole numbers from 0 to {(grey_levels or MOST) - 1}"
    why = f"grey_levels={grey_levels}" if grey_levels else f"a likelihood of {VALUES[values]}"
    if grey_levels and seen.low >= 0 and seen.high < MOST:
        remedy = f"Say grey_levels={infer_levels(int(seen.high))}, or leave it out"
    else:
        line = remedies.to_levels(seen.low, seen.high, is_whole=True)
        remedy = f"Write {line}, or use a likelihood of real numbers, as likelihood=normal"
    return f"{wanted} for {why}, got {seen.low} to {seen.high}. {remedy}."


def _are_whole(arrays):
    return all(np.all(x == np.rint(x)) for x in arrays)


def _check_floats(name, seen, values, arrays):
    """Raises ValueError for floats that the likelihood can't take."""
    low, high = seen.low, seen.high
    got = f"got floats from {low:.9g} to {high:.9g}"
    if values == "counts" and not (low >= 0 and _are_whole(arrays)):
        raise ValueError(
            f"{name} must hold counts, whole numbers from 0 on, for this likelihood, {got}. Use "
            "likelihood=normal, or np.round(x) if they are counts."
        )
    if values in ("binary", "unit") and not 0 <= low <= high <= 1:
        line = remedies.to_unit(low, high, _are_whole(arrays))
        raise ValueError(
            f"{name} must hold floats in [0, 1] (or whole numbers) for a likelihood of "
            f"{VALUES[values]}, {got}. Write {line}, or use a likelihood of real numbers, as "
            "likelihood=normal."
        )
    if values == "levels":
        levels = _levels_of_floats(arrays) if low >= 0 and high <= 1 else None
        first = f"Say grey_levels={levels}, or write" if levels else "Write"
        raise ValueError(
            f"{name} must hold whole numbers for a likelihood of levels, {got}. {first} "
            f"{remedies.to_levels(low, high, _are_whole(arrays))}, or use likelihood=normal."
        )


def _levels_of_floats(arrays):
    """The smallest L with all floats of the form k / (L - 1); None if they aren't of 8 bits."""
    for levels in (*range(2, FEW + 2), BYTES):
        tolerance = _tolerance(levels)  # Mostly the first image rules it out.
        if all(_distance(part, levels).max() <= tolerance for x in arrays for part in (x[:1], x)):
            return levels
    return None


def _distance(x, levels):
    """How far each number is from the nearest level, in levels."""
    scaled = x * (levels - 1)
    return np.abs(scaled - np.rint(scaled))


def _tolerance(levels):
    """How far, in levels, float32 may be from k / (levels - 1)."""
    return 1e-3 + (levels - 1) * np.finfo(np.float32).eps


def _to_whole(name, x, levels):
    """Floats k / (levels - 1) as the whole numbers k."""
    far = _distance(x, levels) > _tolerance(levels)
    if x.min() < 0 or x.max() > 1 or far.any():
        low, high = x.min().item(), x.max().item()
        line = remedies.to_levels(low, high, _are_whole([x]))
        between = f", {np.count_nonzero(far)} of them between levels" if far.any() else ""
        raise ValueError(
            f"{name} must hold k / {levels - 1} or whole numbers for grey_levels={levels}, got "
            f"floats from {low:.9g} to {high:.9g}{between}. "
            f"Write {line}, or use likelihood=normal."
        )
    return np.rint(x * (levels - 1)).astype(dtype_of(levels))
