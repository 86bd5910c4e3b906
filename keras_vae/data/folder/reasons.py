"""Why a file can't be read, in words for its owner."""

import os
from collections.abc import Sequence

from keras_vae.data.folder.names import counted, listed
from keras_vae.files import NotRegular, open_regular

BROKEN_LINK = "broken link"
CUT_DEPTH = (
    "more than 8 bits a channel, of a format that is read with 8 alone: save it as PNG or TIFF"
)
DAMAGED = "damaged"
EMPTY = "empty file"
NO_IMAGE = "no image"
NOT_FINITE = "NaN or infinite values"
OTHER_SIZE = "of another size than its header says: give image_size"
TRUNCATED = "truncated"

# The first bytes of image files.
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"\0\0\0\x0cjP")
_WORDS_OF_TRUNCATED = ("truncated", "unexpected end", "not enough image data", "but only got")


class Unreadable(Exception):
    """A file that can't be an image here; its text is the reason."""


def too_large(max_pixels: int | None) -> str:
    """The reason for a file of more pixels than `max_pixels`; None is Pillow's limit."""
    if max_pixels is None:
        return "larger than Pillow's limit of 178,956,970 pixels: raise max_pixels"
    return f"larger than max_pixels={max_pixels}"


def why(error: BaseException, path: str) -> str:
    """The reason, from what was raised when `path` was opened or decoded."""
    from PIL import UnidentifiedImageError

    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, NotRegular):  # `finding` gives this reason too
        return NO_IMAGE
    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, FileNotFoundError):
        return "gone since it was found"
    if isinstance(error, MemoryError):
        return "larger than the memory"
    begin = _begin(path)
    if begin == b"":
        return EMPTY
    if isinstance(error, UnidentifiedImageError):
        return DAMAGED if begin and begin.startswith(_MAGIC) else NO_IMAGE
    text = str(error).lower()
    if isinstance(error, EOFError) or any(words in text for words in _WORDS_OF_TRUNCATED):
        return TRUNCATED
    return DAMAGED


def _begin(path):
    """The first bytes of a file, or None where they can't be read."""
    try:
        if os.path.isdir(path):
            return None
        with open_regular(path) as file:
            return file.read(16)
    except OSError:
        return None


def notes(refused: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence for each reason, of a list of (name, reason)."""
    return [
        f"{counted(len(names), 'file')} left out, {reason}: {listed(names)}"
        for reason, names in _by_reason(refused)
    ]


def in_short(refused: Sequence[tuple[str, str]]) -> str:
    """All reasons in one sentence."""
    return "; ".join(f"{reason}: {listed(names)}" for reason, names in _by_reason(refused))


def _by_reason(refused):
    found: dict[str, list[str]] = {}
    for name, reason in refused:
        found.setdefault(reason, []).append(name)
    return sorted(found.items())
