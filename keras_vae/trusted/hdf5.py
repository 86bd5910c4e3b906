"""Weights in HDF5, which may refer to other files, and to code that unpacks them."""

import pathlib
from typing import BinaryIO

import h5py

# A file of weights holds real numbers, whole numbers and booleans.
_KINDS = "fiub"


def check_hdf5(path: str | pathlib.Path, stream: BinaryIO) -> None:
    """Raises ValueError, in one line, unless a file holds nothing but plain arrays of its own.

    Refused are links to other files and links by name, arrays that are stored elsewhere, made of
    others or packed (which may ask for a plug-in), types other than numbers, and arrays larger than
    what is stored of them.

    Args:
      path: what errors call it.
      stream: the file, open for reading.
    """
    try:
        with h5py.File(stream, "r") as file:
            problem = _problem_of_group(file, seen=set())
    except Exception as error:  # Errors are of many kinds where a file is damaged.
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} holds weights that can't be read ({reason}).") from error
    if problem:
        raise ValueError(f"{path} is refused: in its weights, {problem}.")


def _problem_of_group(group, seen):
    """What is wrong in a group or in those below it, or None."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            return f"{name!r} is a link, which may lead out of the file"
        item = group[name]
        address = h5py.h5o.get_info(item.id).addr
        if address in seen:
            return f"{name!r} is there under two names"
        seen.add(address)
        if isinstance(item, h5py.Group):
            if problem := _problem_of_group(item, seen):
                return problem
        elif problem := _problem(item):
            return f"{name!r} {problem}"
    return None


def _problem(item):
    """What is wrong with something that is no group; None of a plain array."""
    if not isinstance(item, h5py.Dataset):
        return "is no array"
    if item.external or item.is_virtual:
        return "is kept in other files"
    if item.dtype.kind not in _KINDS or item.shape is None:
        return f"is of type {item.dtype}, not of numbers"
    if item.id.get_create_plist().get_nfilters():
        return "is packed, which weights never are"
    if item.id.get_storage_size() != item.nbytes:
        return f"is of {item.nbytes:,} bytes, of which the file has {item.id.get_storage_size():,}"
    return None
