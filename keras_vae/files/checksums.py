"""SHA-256 of what is saved, compared when it is loaded: damage and changes are found."""

import hashlib
import json
import pathlib
import zipfile

from keras_vae.files import archives, write_atomically
from keras_vae.messages.notes import note

MEMBER = "checksums.json"  # an archive's member with its checksums
SUFFIX = ".sha256"  # of a file that the command sha256sum can check


def add_to_archive(path: str | pathlib.Path) -> None:
    """Adds a member to a zip file: {name: SHA-256} of all others."""
    with zipfile.ZipFile(path) as file:
        found = {name: _digest(file.open(name)) for name in file.namelist()}
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(MEMBER, json.dumps(found, indent=2))


def check_members(path: str | pathlib.Path, members: dict[str, bytes]) -> None:
    """Raises ValueError unless an archive's members are what its checksums say, where it has some.

    Args:
      path: what errors call it.
      members: {name: content} of all.
    """
    if MEMBER not in members:
        return
    found = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in members.items()
        if name != MEMBER
    }
    try:
        wanted = json.loads(members[MEMBER])
    except (ValueError, RecursionError):
        wanted = None
    if wanted != found:
        raise ValueError(_damaged(path))


def write_beside(stem: pathlib.Path) -> None:
    """Writes `stem`.sha256: the checksums of all files `stem`.*."""
    write_atomically(stem.with_name(stem.name + SUFFIX), _listed(stem))


def remove_left(folder: pathlib.Path) -> None:
    """Removes the checksums in a folder whose files are gone."""
    for left in folder.glob(f"*{SUFFIX}"):
        if not _files(left.with_name(left.name.removesuffix(SUFFIX))):
            left.unlink()


def check_beside(stem: pathlib.Path) -> None:
    """Raises ValueError unless the files `stem`.* are what `write_beside` found.

    Where there are no checksums, a note says so.
    """
    written = stem.with_name(stem.name + SUFFIX)
    if not written.is_file():
        note_none(stem)
        return
    if written.read_bytes() != _listed(stem).encode():
        raise ValueError(_damaged(stem))


def check_files(folder: pathlib.Path, wanted: dict[str, str] | None) -> None:
    """Raises ValueError unless the files of a folder have the SHA-256 that `wanted` has by name.

    Where there are no checksums, a note says so.
    """
    if not wanted:
        note_none(folder)
        return
    for name, digest in wanted.items():
        file = folder / name
        if archives.leads_out(name):
            raise ValueError(f"{folder} is refused: its checksums are of {name!r}, elsewhere.")
        if not file.is_file() or _digest(file.open("rb")) != digest:
            raise ValueError(_damaged(file))


def note_none(path: str | pathlib.Path) -> None:
    """Notes that something has no checksum."""
    note(f"{path} was saved without a checksum: whether it is damaged can't be told.")


def _files(stem):
    """All files `stem`.*, but its checksums and what a killed write left."""
    found = stem.parent.glob(f"{stem.name}.*")
    return sorted(f for f in found if f.suffix != SUFFIX and ".tempstate" not in f.name)


def _listed(stem):
    """The lines that sha256sum would print of the files `stem`.*."""
    return "".join(f"{_digest(file.open('rb'))}  {file.name}\n" for file in _files(stem))


def _digest(stream):
    """SHA-256 of an open file, a megabyte at a time."""
    found = hashlib.sha256()
    with stream:
        while part := stream.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _damaged(path):
    return (
        f"{path} is damaged or was changed: its checksum is not that of when it was saved. Take "
        "another copy."
    )
