"""What stands behind transparent pixels."""

import numpy as np

from keras_vae.config.image_options import BLACK, WHITE

Colour = tuple[int, int, int]  # R, G, B from 0 to 255


def is_grey(ground: Colour) -> bool:
    return len(set(ground)) == 1


def name_of(ground: Colour) -> str:
    """The colour's name as alpha_background takes it."""
    return {WHITE: "white", BLACK: "black"}.get(ground, bytes(ground).hex())


def other(ground: Colour) -> Colour:
    """Black or white, whichever is further away."""
    return BLACK if sum(ground) > 3 * 127 else WHITE


def compose(colours: np.ndarray, opacity: np.ndarray, ground: Colour) -> tuple[np.ndarray, Colour]:
    """colours * a + ground * (1 - a), rounded, with a from 0 to 1.

    A drawing in the ground's own colour alone would vanish, and gets the other ground.

    Args:
      colours: uint8 or uint16 [H, W, C], C of 1 or 3.
      opacity: [H, W, 1] of the same dtype; its highest value is opaque.
      ground: (R, G, B) from 0 to 255; all the same where C is 1.

    Returns:
      (array [H, W, C] of the same dtype, the ground it is on).
    """
    white = np.iinfo(colours.dtype).max
    channels = colours.shape[-1]

    def at_depth(rgb):
        return np.array(rgb[:channels], np.uint32) * (white // 255)

    drawn = colours[opacity[..., 0] > 0]
    if drawn.size and (drawn == at_depth(ground)).all():
        ground = other(ground)
    a = opacity.astype(np.uint32)
    mixed = colours * a + at_depth(ground) * (white - a)  # below 2^32 with 16 bits too
    return ((mixed + white // 2) // white).astype(colours.dtype), ground
