"""Options on images that a config and `data.load` both check."""

import re

COMMON_SIZE = 64  # default image_size of images of many sizes
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
WAYS = {  # ways to make an image square: the values of resize
    "crop": "cut to the centre",
    "pad": "filled up with black",
    "stretch": "stretched",
}
_COLOURS = {"white": WHITE, "black": BLACK}
_AS_BEFORE = "ignore"  # the value of runs older than the option: transparency is left out


def parse_background(alpha_background: str) -> tuple[int, int, int] | None:
    """(R, G, B) from 0 to 255 of white, black or RRGGBB; None where transparency is left out.

    Raises:
      ValueError: the text is none of these.
    """
    if alpha_background == _AS_BEFORE:
        return None
    if alpha_background in _COLOURS:
        return _COLOURS[alpha_background]
    if not re.fullmatch("[0-9A-Fa-f]{6}", alpha_background):
        raise ValueError(
            "alpha_background must be white, black or a colour of six hexadecimal digits such as "
            f"808080, got {alpha_background!r}."
        )
    red, green, blue = bytes.fromhex(alpha_background)
    return red, green, blue


def note_on_sizes(sizes: str) -> str:
    """What users are told where images of many sizes are brought to COMMON_SIZE."""
    return (
        f"images of {sizes} are cut to the centre and brought to {COMMON_SIZE}x{COMMON_SIZE}: "
        "image_size chooses another size, and resize another way"
    )


def check_resize(resize: str, image_size: int | None) -> None:
    """Raises ValueError for an unknown resize, or one that lacks an image_size."""
    if resize not in WAYS:
        raise ValueError(f"resize must be one of {', '.join(WAYS)}, got {resize!r}.")
    if resize != "crop" and image_size is None:
        raise ValueError(f"resize={resize} needs a size, as in image_size=64.")
