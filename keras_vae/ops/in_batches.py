"""Work on many rows, a batch at a time: memory holds what one batch needs, and the results."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_vae._compat import tf


def in_batches(function: Callable[..., Any], size: int, *arrays: Any) -> Any:
    """What `function` gives for rows of the arrays, joined.

        codes = in_batches(vae.code, 100, x, condition)

    Args:
      function: of rows [b, ...] of each array, b <= size; gives rows: an array, a tensor or None,
        or a structure of them such as a tuple.
      size: of a batch; only the last may be smaller.
      *arrays: [N, ...] each, N at least 1, or None, which the function gets in place of rows. A
        range(N) says which rows they are, as seeds need to know: the function gets its part.

    Returns:
      The structure of what `function` gives, its arrays and tensors [N, ...].
    """
    parts = []
    for start in range(0, len(arrays[0]), size):
        rows = slice(start, start + size)
        parts.append(function(*(None if a is None else a[rows] for a in arrays)))
    return tf.nest.map_structure(_joined, *parts)


def _joined(*parts):
    if parts[0] is None:
        return None
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else tf.concat(parts, axis=0)
