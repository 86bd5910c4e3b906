"""Zip files from anywhere (.keras, .npz): what they hold is looked at before it is unpacked."""

import pathlib
import re
import stat
import zipfile
import zlib

# How many times larger than its file an archive's content may be. Bit maps pack best of all data
# in use: those of dSprites to a 114th of their size.
MAX_RATIO = 200
_LOCAL_HEADER_BYTES = 30  # the least size of a member's header, without its name
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def check_archive(path: str | pathlib.Path, max_ratio: float = MAX_RATIO) -> None:
    """Raises ValueError, in one line, unless the zip file `path` can be unpacked safely.

    Refused are members whose names lead out of the folder they are unpacked to, links, names that
    are there twice, members that share bytes of the file, and contents that are larger than so
    large a file can honestly hold.

    Args:
      path: the file.
      max_ratio: how many times larger than the file its content may be.
    """
    try:
        with zipfile.ZipFile(path) as file:
            _check(path, file, max_ratio)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"{path} is no archive that can be read ({error}).") from error


def read_archive(path: str | pathlib.Path, max_ratio: float = MAX_RATIO) -> dict[str, bytes]:
    """{name: content} of all members of an archive that has passed `check_archive`.

    Raises:
      ValueError: the archive fails this check, or a member is damaged.
    """
    check_archive(path, max_ratio)
    try:
        with zipfile.ZipFile(path) as file:
            return {name: file.read(name) for name in file.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path} is damaged: {error}. Take another copy.") from error


def _check(path, file, max_ratio):
    members = sorted(file.infolist(), key=lambda member: member.header_offset)
    names = set()
    for member in members:
        name = member.filename
        if leads_out(name) or stat.S_ISLNK(member.external_attr >> 16):
            raise ValueError(f"{path} is refused: its member {name!r} leads out of its folder.")
        if name in names:
            raise ValueError(f"{path} is refused: it holds two members {name!r}.")
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
            raise ValueError(
                f"{path} is refused: its member {name!r} is encrypted, or packed by a method other "
                "than deflate."
            )
        names.add(name)
    size, found = sum(member.file_size for member in members), pathlib.Path(path).stat().st_size
    if size > max_ratio * found:
        raise ValueError(
            f"{path} is refused: {found:,} bytes that unpack to {size:,}. At most {max_ratio} "
            "times as many are taken."
        )
    for member, after in zip(members, [*members[1:], None], strict=True):
        packed = member.file_size if member.compress_type == 0 else member.compress_size
        end = member.header_offset + _LOCAL_HEADER_BYTES + len(member.orig_filename) + packed
        if end > (file.start_dir if after is None else after.header_offset):
            raise ValueError(
                f"{path} is refused: its member {member.filename!r} shares bytes with what follows."
            )


def leads_out(name: str) -> bool:
    """Whether a member's name is absolute, names a drive, or has a part `..`; on any system."""
    parts = re.split(r"[/\\]", name)
    return parts[0] == "" or ".." in parts or ":" in parts[0] or "\0" in name
