"""Images of 8 bits beside deeper ones: one number of levels for all."""

from typing import TYPE_CHECKING

import numpy as np

from keras_vae.data.folder.names import counted
from keras_vae.ops.whole_numbers import BYTES, MOST, infer_levels

if TYPE_CHECKING:
    from keras_vae.data.folder.reading import Split


def bring_together(
    found: "dict[str, Split]", arrays: dict[str, np.ndarray], values: str, grey_levels: int | None
) -> list[str]:
    """Brings 8-bit images to the levels that the deeper ones have, in place.

    Args:
      found: dict split -> reading.Split.
      arrays: dict split -> uint16 [N, H, W, C], in which the value k of 8 bits is k * 257.
      values, grey_levels: see `from_arrays`.

    Returns:
      List of notes.
    """
    are_deep = {
        split: np.array([frame.dtype == "uint16" for frame in part.frames])
        for split, part in found.items()
    }
    deep, shallow = (
        [(split, row) for split, are in are_deep.items() for row in np.flatnonzero(are == wanted)]
        for wanted in (True, False)
    )
    if not shallow:
        return []
    # A file of 10 bits, for example, is stored in 16, with values up to 1023.
    highest = max((arrays[split][row].max().item() for split, row in deep), default=0)
    levels = max(BYTES, grey_levels or infer_levels(highest))
    if values == "counts":
        levels = BYTES
    if levels < MOST:
        nearest = np.round(np.arange(MOST) * ((levels - 1) / (MOST - 1))).astype(np.uint16)
        for split, row in shallow:
            arrays[split][row] = nearest[arrays[split][row]]
    return [_note(len(shallow), highest, levels)] if deep else []


def _note(num_shallow, highest, levels):
    note = f"{counted(num_shallow, 'image')} of 8 bits beside 16"
    if levels == MOST:
        return f"{note}: the values are multiplied by 257"
    note += f", which go up to {highest}"
    if levels == BYTES:
        return f"{note}: all values are kept, on one scale"
    return (
        f"{note} and are taken as {levels} levels: those of 8 bits are multiplied by "
        f"{levels - 1} / 255 and rounded"
    )
