"""A folder that one process writes at a time."""

import contextlib
import os
import pathlib
import platform

from keras_vae.messages.notes import note

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NAME = ".lock"


def lock(name: str, folder: pathlib.Path) -> contextlib.AbstractContextManager:
    """Locks a folder until the returned context ends, or its process does, however it ends.

    Where the file system has no locks, a `Note` says so, and nothing is locked.

    Args:
      name: the flag or argument that gave the folder, for the error.
      folder: the folder, which must be there.

    Raises:
      BlockingIOError: another process holds the lock.
    """
    if fcntl is None:
        return contextlib.nullcontext()
    file = open(folder / _NAME, "a+")  # noqa: SIM115 - the caller closes it
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise BlockingIOError(
            f"{name}={folder} is written by {holder}. Wait for its end, or choose another one."
        ) from error
    except OSError as error:
        file.close()
        note(
            f"{name}={folder} can't be locked ({error.strerror}): let no other process write it "
            "meanwhile."
        )
        return contextlib.nullcontext()
    with contextlib.suppress(OSError):  # On a full disk it is locked, by a process without a name.
        file.truncate(0)
        file.write(f"process {os.getpid()} of {platform.node()}\n")
        file.flush()
    return file
