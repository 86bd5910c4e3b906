"""Standard errors over examples."""

import math
from collections.abc import Sequence

import numpy as np


def stderr(values: Sequence[float] | np.ndarray) -> float | None:
    """The standard error of the mean of values [N]; None for fewer than two values."""
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1, dtype=np.float64) / math.sqrt(len(values)))


def share_stderr(share: float, num_examples: int) -> float:
    """The standard error of a share of `num_examples`."""
    return math.sqrt(share * (1.0 - share) / num_examples)
