"""Arrays in a .npz or .npy file; nothing pickled is ever read."""

import math
import os
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Literal

import numpy as np

from keras_vae.files import archives, open_regular
from keras_vae.files.plain_arrays import Header, read_header

_NPY_MAGIC = b"\x93NUMPY"
_ZIP_MAGICS = (b"PK\3\4", b"PK\5\6")  # the second one begins an empty zip
_ALONE = "x"  # the key of the one array of a .npy
_CHECKSUM_BYTES = 1 << 26  # bytes read at a time


def read(
    name: str,
    path: str | pathlib.Path,
    keys_of: Callable[[dict], dict[str, str]],
    limit_bytes: float = math.inf,
) -> dict[str, np.ndarray]:
    """The arrays of a file, {role: array}.

    Args:
      name: what errors call the data.
      path: the file. A .npy is an npz with one array, x.
      keys_of: {key: Header, or None for what is no array} of the whole file -> {role: key} of the
        arrays to read.
      limit_bytes: arrays that are larger together are mapped and stay on disk.

    Raises:
      FileNotFoundError, ValueError: no such file, no npz or npy, or arrays of objects.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"dataset={name} must name a file, but there is none.")
    with open_regular(path) as stream:
        magic = stream.read(len(_NPY_MAGIC))
        is_npy = magic == _NPY_MAGIC
        stream.seek(0)
        if not (is_npy or magic.startswith(_ZIP_MAGICS)):
            raise ValueError(
                f"dataset={name} is no npz and no npy: it begins with {magic!r}. Read it by what "
                "wrote it, and write its arrays by numpy.savez."
            )
        return (_npy if is_npy else _npz)(name, stream, keys_of, limit_bytes)


def checksums(path: str | pathlib.Path) -> list[int]:
    """CRC-32 of each array of a file, all of which is read.

    Raises:
      ValueError: an array of an npz isn't what was written.
    """
    with open_regular(path) as stream:
        if not zipfile.is_zipfile(stream):
            stream.seek(0)
            return [_checksum(stream)]
        with zipfile.ZipFile(stream) as file:
            members = file.infolist()
            for member in members:
                with file.open(member) as array:
                    try:
                        _checksum(array)
                    except zipfile.BadZipFile as error:  # At the end zipfile compares.
                        raise ValueError(
                            f"{path} is damaged ({error}). Take another copy."
                        ) from error
            return [member.CRC for member in members]


def _checksum(stream):
    crc = 0
    while block := stream.read(_CHECKSUM_BYTES):
        crc = zlib.crc32(block, crc)
    return crc


def _npy(name, stream, keys_of, limit_bytes):
    try:
        header = read_header(stream)
    except ValueError as error:
        raise ValueError(f"dataset={name} is no npy ({error}). Use numpy.save.") from error
    _check_plain(name, "it", header)
    keys = keys_of({_ALONE: header})
    start = stream.tell()
    if os.fstat(stream.fileno()).st_size < start + header.size:
        raise ValueError(f"dataset={name} is cut off: it is shorter than its array. Copy it anew.")
    if header.size > limit_bytes:
        return {role: _mapped(name, stream, start, header) for role in keys}
    stream.seek(0)
    return dict.fromkeys(keys, np.load(stream, allow_pickle=False))


def _npz(name, stream, keys_of, limit_bytes):
    try:
        file = np.load(stream, allow_pickle=False)
        headers = {key: _member_header(file.zip, key) for key in file.files}
    except (ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"dataset={name} is no npz ({error}). Use numpy.savez.") from error
    keys = keys_of(headers)
    archives.check_archive(stream.name)
    members = {role: _member(file.zip, key) for role, key in keys.items()}
    for role, member in members.items():
        if headers[keys[role]] and headers[keys[role]].size > member.file_size:
            raise ValueError(f"dataset={name} is cut off: {keys[role]} is shorter than it says.")
    if sum(member.file_size for member in members.values()) > limit_bytes:
        return {
            role: _mapped(name, stream, _start(name, stream, member), headers[keys[role]])
            for role, member in members.items()
        }
    try:
        return {role: file[key] for role, key in keys.items()}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{name} must hold plain arrays under {', '.join(keys.values())}: {error}. Write it "
            "anew, names as y.astype(str)."
        ) from error


def _member(file, key):
    """The zipfile.ZipInfo of an array; numpy leaves the ending out of its name."""
    return file.getinfo(f"{key}.npy" if f"{key}.npy" in file.namelist() else key)


def _member_header(file, key):
    """The Header of an array of a zip file, None for what is no array."""
    with file.open(_member(file, key)) as stream:
        try:
            return read_header(stream)
        except (ValueError, EOFError, zlib.error):
            return None


def _start(name, stream, member):
    """Where the values of an uncompressed member of a zip file begin."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(
            f"{name} is larger than memory_limit_gb, and compressed, so that it can't be streamed. "
            "Write it by numpy.savez, or raise memory_limit_gb."
        )
    stream.seek(member.header_offset)
    # A zip's local header: 26 bytes, then the lengths of the name and of the extra field.
    stream.seek(sum(struct.unpack("<26xHH", stream.read(30))), os.SEEK_CUR)
    end = stream.tell() + member.file_size
    try:
        header = read_header(stream)
    except ValueError as error:
        raise ValueError(f"{name} must hold plain arrays: {member.filename}: {error}.") from error
    _check_plain(name, member.filename, header)
    # Bytes behind the member would be taken for its values.
    if stream.tell() + header.size > end:
        raise ValueError(f"{name}: {member.filename} is shorter than its array. Write it anew.")
    return stream.tell()


def _check_plain(name, what, header):
    if header.dtype.hasobject:
        raise ValueError(f"{name} must hold plain arrays, and {what} holds objects.")


def _mapped(name, stream, start, header: Header):
    """The array whose values begin at `start`, as np.memmap."""
    order: Literal["F", "C"] = "F" if header.is_fortran else "C"
    return np.memmap(stream, header.dtype, "r", start, header.shape, order)
