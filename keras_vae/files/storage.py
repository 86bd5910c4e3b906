"""Errors of a disk that is full or can't be written, whichever library they came up in."""

import errno
import os

_SAID = [
    os.strerror(number)
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
]


def refusal(error: BaseException) -> str | None:
    """What the disk said, and of which file, where it is behind an error; else None."""
    # TensorFlow, HDF5 and Pillow have errors of their own, with the system's words in them.
    for said in _SAID:
        if said in str(error):
            file = getattr(error, "filename", None) or ""
            return f"a file can't be written: {said}{file and f' ({file})'}"
    return None
