"""The files under a folder, through links too."""

import os
from dataclasses import dataclass, field
from typing import NamedTuple

from keras_vae.data.folder import reasons
from keras_vae.data.folder.names import is_passed_over


class File(NamedTuple):
    """A file under the folder of a split.

    Attributes:
      parts: its place below that folder, as ("cat", "1.png").
      path: where it is.
      name: its path from the folder of the data set, which is what users are shown.
      identity: (device, inode) of the file itself, the same through all links.
    """

    parts: tuple[str, ...]
    path: str
    name: str
    identity: tuple[int, int]


@dataclass
class Found:
    """What is under the folder of a split.

    Attributes:
      files: list of File, in the order of their parts.
      folders: the sub-folders, each by its parts.
      refused: list of (name, reason) of what can't be read.
      loops: names of links that lead back to a folder above them.
    """

    files: list[File] = field(default_factory=list)
    folders: list[tuple[str, ...]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)


def sub_folders(folder: str) -> dict[str, str]:
    """dict name -> path of the folders right under `folder`, in order, without hidden ones."""
    with os.scandir(folder) as entries:
        return {
            entry.name: entry.path
            for entry in sorted(entries, key=lambda entry: entry.name)
            if is_folder(entry) and not is_passed_over(entry.name, is_folder=True)
        }


def is_folder(entry: os.DirEntry) -> bool:
    """Whether an os.DirEntry is a folder or leads to one; False where that can't be seen."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or no permission
        return False


def find(folder: str, root: str) -> Found:
    """All files under `folder`; names are shown from `root` on.

    Returns:
      Found.
    """
    found = Found()
    # (path, parts, identities of the folders from `folder` down to this one)
    waiting = [(str(folder), (), (_identity(folder),))]
    while waiting:
        path, parts, above = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    inner = _take(entry, parts, above, root, found)
                    if inner:
                        waiting.append(inner)
        except OSError as error:
            found.refused.append((os.path.relpath(path, root), reasons.why(error, path)))
    found.files.sort()
    found.folders.sort()
    return found


def _take(entry, parts, above, root, found):
    """Puts the entry where it belongs in `found`; returns a folder's place in the queue."""
    inside = is_folder(entry)
    if is_passed_over(entry.name, inside) and (inside or entry.name.startswith(".")):
        return None
    parts = (*parts, entry.name)
    name = os.path.relpath(entry.path, root) if inside else _below(entry.path, root)
    if inside:
        identity = _identity(entry.path)
        if identity in above:
            found.loops.append(name)
            return None
        found.folders.append(parts)
        return entry.path, parts, (*above, identity)
    if os.path.isfile(entry.path) if entry.is_symlink() else entry.is_file():
        # A link has an inode of its own, so its target is asked. Asking all files would be slow.
        linked = entry.is_symlink()
        identity = _identity(entry.path) if linked else (above[-1][0], entry.inode())
        found.files.append(File(parts, entry.path, name, identity))
    elif os.path.exists(entry.path):  # a pipe or a device, on which reading would wait
        found.refused.append((name, reasons.NO_IMAGE))
    else:
        found.refused.append((name, reasons.BROKEN_LINK))
    return None


def _identity(path):
    state = os.stat(path)
    return state.st_dev, state.st_ino


def _below(path, root):
    """Like os.path.relpath for a path that begins with root, but faster."""
    return path[len(str(root).rstrip(os.sep)) + 1 :]
