"""Names of files and folders: which to pass over, and how to show them."""

from collections.abc import Iterable

from keras_vae.messages.sentences import in_one_line, some

# Files and folders, in lower case, that systems leave behind. The folders may hold thumbnails.
LEFT_BY_SYSTEMS = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
LEFT_BY_SYSTEMS_FOLDERS = (
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
)


def is_passed_over(name: str, is_folder: bool) -> bool:
    """Whether a file or folder of this name is hidden or left by a system."""
    leftovers = LEFT_BY_SYSTEMS_FOLDERS if is_folder else LEFT_BY_SYSTEMS
    return name.startswith(".") or name.lower() in leftovers


def shown(name: str) -> str:
    """The name as one line that can be printed, whatever bytes it has."""
    return in_one_line(name)


def listed(names: Iterable[str]) -> str:
    """The first ten names in order, and how many more there are."""
    return some(sorted(shown(name) for name in names))


def counted(n: int, noun: str) -> str:
    """1 file, 2 files."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
