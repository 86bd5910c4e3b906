"""The scale of 8-bit images that aren't all in memory."""

from collections.abc import Iterable

import numpy as np

from keras_vae.data.values import Scale, Seen, decide, look
from keras_vae.ops.whole_numbers import FEW


def scale_by_scan(
    name: str,
    heads: Iterable[np.ndarray],
    chunks: Iterable[np.ndarray],
    values: str,
    grey_levels: int | None = None,
) -> Scale:
    """How uint8 or bool images are taken, by their first ones where these settle it.

    Args:
      name: what errors call the data.
      heads: list of arrays, the first images of each split.
      chunks: iterable of arrays, all images; read only if the first ones don't settle the number of
        levels.
      values, grey_levels: see `values.decide`.

    Returns:
      values.Scale, of uint8 or bool. Two values in the first images are taken to be all that
      there are, and `Streamed` checks it.

    Raises:
      ValueError: images that the likelihood can't take, see `values.decide`.
    """
    seen = look(heads)
    few = seen.high <= FEW if grey_levels is None else seen.high < grey_levels < 256
    if values != "counts" and few and not decide(name, seen, values, grey_levels).is_binary:
        ends = np.array([(chunk.min(), chunk.max()) for chunk in chunks])
        low, high = ends[:, 0].min().item(), ends[:, 1].max().item()
        seen = Seen(seen.kind, low, high, two_valued=False)
    scale = decide(name, seen, values, grey_levels)
    if scale.dtype.itemsize > 1:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and only 8-bit images are streamed; whole "
            f"numbers up to {seen.high} with grey_levels={grey_levels} are real numbers. Raise "
            "memory_limit_gb."
        )
    return scale
