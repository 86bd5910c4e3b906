"""Attributes as directions of codes: found on examples that have one and on others that lack it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

STRENGTHS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


class Direction(NamedTuple):
    """A line of codes, along which an attribute grows.

    A code reads how much of the attribute it has: 0 is the mean of examples that lack it, 1 that of
    those that have it. 1/2 tells the two best, if latents are independent normals of the same
    scales in both (linear discriminant analysis).

    Attributes:
      start: [D], the mean code of examples that lack the attribute.
      step: [D], from there to the mean code of those that have it (Larsen et al. 2016, 4.2).
      reader: [D], what each latent says of the attribute; reader . step is 1.
    """

    start: np.ndarray
    step: np.ndarray
    reader: np.ndarray

    def read(self, codes: np.ndarray) -> np.ndarray:
        """How much of the attribute each code [N, D] has, [N]."""
        return (codes - self.start) @ self.reader

    def moved(self, codes: np.ndarray, by: float | np.ndarray) -> np.ndarray:
        """Codes [..., D], moved along the step: they read `by` more."""
        return codes + by * self.step


def direction(has: np.ndarray, lacks: np.ndarray) -> Direction:
    """The `Direction` from codes of examples that have an attribute and of those that lack it.

    Args:
      has, lacks: codes [N, D] and [M, D].

    Raises:
      ValueError: the mean codes are the same.
    """
    start = lacks.mean(axis=0)
    step = has.mean(axis=0) - start
    variance = np.average(
        [has.var(axis=0), lacks.var(axis=0)], axis=0, weights=[len(has), len(lacks)]
    )
    # The rounding errors of a latent that never varies say nothing.
    variance = np.maximum(variance, 1e-6 * max(variance.max(), 1e-6))
    separation = np.sum(step**2 / variance)
    if not separation:
        raise ValueError(
            "has and lacks must be codes that differ in the mean, got the same. The model's "
            "latents say nothing of the attribute."
        )
    return Direction(start, step, step / variance / separation)


def strength(
    along: Direction,
    codes: np.ndarray,
    seen_again: Callable[[np.ndarray], np.ndarray],
    among: Sequence[float] = STRENGTHS,
) -> float:
    """How far to move codes, that the pictures have the attribute as much as real ones have it.

    A decoder shows less than the codes say, and an encoder reads less than is shown. So codes are
    moved by a strength, and the examples that are decoded from them encoded anew.

    Args:
      along: a `Direction`.
      codes: [N, D] of training examples that lack the attribute.
      seen_again: codes [N, D] -> codes of what is decoded from them, [N, D].
      among: the strengths to choose from, in rising order.

    Returns:
      The least at which these read 1 on average, the mean of examples that have the attribute; the
      last if none does.
    """
    for by in among:
        if along.read(seen_again(along.moved(codes, by))).mean() >= 1:
            return by
    return among[-1]
