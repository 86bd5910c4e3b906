"""Standard errors over examples."""

import math
from collections.abc import Sequence

import numpy as np


def stderr(values: Sequence[float] | np.ndarray) -> float | None:
    """Of the mean of values [N]; one value says nothing of it."""
    if len(values) < 2:
        return None
    return float(np.std(values, ddof=1, dtype=np.float64) / math.sqrt(len(values)))


def share_stderr(share: float, num_examples: int) -> float:
    """Of the share of `num_examples` of which something is true."""
    return math.sqrt(share * (1.0 - share) / num_examples)
