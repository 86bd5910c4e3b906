"""Writes files whole or not at all, reads them back, and checks files and folders first."""

import contextlib
import io
import json
import os
import pathlib
import stat
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np


def write_atomically(path: pathlib.Path, content: str | bytes) -> None:
    """Writes a file that is never seen half-written."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(content.encode() if isinstance(content, str) else content)
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


@contextlib.contextmanager
def whole_file(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A path to write, which becomes the file `path` at the end, and is deleted after an error.

    So do files that are written beside it: they come beside `path`, before it.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        file = pathlib.Path(scratch) / path.name
        yield file
        for beside in set(file.parent.iterdir()) - {file}:
            os.replace(beside, path.parent / beside.name)
        os.replace(file, path)


@contextlib.contextmanager
def whole_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder to fill, which becomes `path` at the end, and is deleted after an error.

    Raises:
      OSError: there is a file `path`, or a folder that isn't empty.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        folder = pathlib.Path(scratch) / path.name
        folder.mkdir()
        yield folder
        if path.exists():
            path.rmdir()
        folder.rename(path)


def write_json(path: pathlib.Path, content: Any) -> None:
    """Writes JSON for people to read, all of it or none."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def read_json(path: pathlib.Path) -> dict:
    """The object that `write_json` wrote.

    Raises:
      ValueError: the file is damaged, or holds something else.
      OSError: see `open`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}. Delete it, and make it anew.") from error
    return content


def write_npz(path: pathlib.Path, arrays: dict) -> None:
    """Writes arrays by name to a compressed npz, all of it or none."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomically(path, content.getvalue())


class NotRegular(OSError):
    """What was opened is a pipe or a device, and no file."""


@contextlib.contextmanager
def open_regular(path: str | pathlib.Path) -> Iterator[BinaryIO]:
    """open(path, "rb") of a regular file alone: opening or reading a pipe waits without end.

    The check is of the open file, so that no other file can take its place after the check.

    Raises:
      NotRegular: the path is no regular file.
      OSError: see `open`.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotRegular(f"{path} is no file.")
        yield file


def _without_waiting(path, flags):
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows lacks it


def check_files(folder: pathlib.Path) -> None:
    """Raises ValueError if something is neither file nor folder: reading a pipe never ends."""
    for file in sorted(folder.rglob("*")):
        if not (file.is_file() or file.is_dir()):
            raise ValueError(f"{folder} is refused: {str(file.relative_to(folder))!r} is no file.")


def check_folder(name: str, path: pathlib.Path) -> None:
    """Raises OSError unless files can be made in the folder `path`, which may have to be made.

    Args:
      name: the flag or argument that gave it, for the error.
      path: the folder.
    """
    nearest = next(p for p in [path, *path.absolute().parents] if p.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(f"{name}={path} can't be written: {nearest} is a file.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(
            f"{name}={path} can't be written: no files can be made in {nearest}. Choose another."
        )
