"""Arrays in npz files: their headers are looked at before there is memory for them."""

import math
import pathlib
import zipfile
import zlib
from typing import IO, NamedTuple

import numpy as np

from keras_vae.files.archives import check_archive

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Header(NamedTuple):
    """The header of an array in a file: shape, whether in Fortran's order, dtype."""

    shape: tuple
    is_fortran: bool
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Bytes of its values."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes]) -> Header:
    """The Header at the stream's position; the stream is at the values afterwards.

    Raises:
      ValueError: there is none, or one of something else than an array.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of the format, for tables of records")
    try:
        header = Header(*_HEADERS[version](stream))
    except Exception as error:  # numpy's parser of Python's literals raises of many kinds.
        raise ValueError(
            f"its header can't be read: {' '.join(str(error).split()):.200}"
        ) from error
    if header.dtype.subdtype or any(isinstance(n, bool) or n < 0 for n in header.shape):
        raise ValueError(f"an array of {header.dtype} {list(header.shape)}")
    return header


def read_npz(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """{name: array} of a whole npz.

    Raises:
      ValueError: the file is damaged, or holds something else than plain arrays.
      OSError: see `open`.
    """
    check_archive(path)
    try:
        with zipfile.ZipFile(path) as file:
            for member in file.infolist():
                with file.open(member) as stream:
                    if read_header(stream).size > member.file_size:
                        raise ValueError(f"{member.filename} is shorter than it says")
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is refused: it must hold plain arrays ({error}).") from error
