"""Which checkpoint of a folder is taken; a note tells where that isn't the last one."""

import functools
import os
import pathlib

from keras_vae._compat import tf
from keras_vae.files import check_files, checksums
from keras_vae.messages.notes import note


def last_checkpoint(folder: str | pathlib.Path) -> str | None:
    """The prefix of the last complete checkpoint in a folder of them, or None.

    Where the folder's list `checkpoint` is lost, or what it names, the newest whole one is taken
    and a `Note` says so.

    Raises:
      ValueError: the list is none, or names files elsewhere, which are read, and deleted in time;
        or there are remains of checkpoints, none of them whole.
    """
    folder = pathlib.Path(folder)
    if not (folder / "checkpoint").exists():
        # A killed first save leaves files too, but the index comes last.
        return _newest_whole(folder, "its list `checkpoint` is lost") if _saved(folder) else None
    check_files(folder)
    remedy = "Delete this file: the newest whole checkpoint is taken then."
    # TensorFlow names a checkpoint here only when it is complete.
    try:
        state = tf.train.get_checkpoint_state(folder)
    except ValueError as error:
        raise ValueError(
            f"{folder} is refused: its file `checkpoint` is no list. {remedy}"
        ) from error
    if state is None or not state.model_checkpoint_path:
        raise ValueError(f"{folder} is refused: its file `checkpoint` names none. {remedy}")
    for named in (state.model_checkpoint_path, *state.all_model_checkpoint_paths):
        if os.path.dirname(os.path.abspath(named)) != os.path.abspath(folder):
            raise ValueError(
                f"{folder} is refused: its file `checkpoint` names {named!r}, which is in another "
                "folder."
            )
    name = os.path.basename(state.model_checkpoint_path)
    return tf.train.latest_checkpoint(folder) or _newest_whole(folder, f"{name} is lost")


def last_whole(folder: str | pathlib.Path) -> str | None:
    """As `last_checkpoint`, but where that is damaged, an older whole one, and a `Note` of it.

    Raises:
      ValueError: see `last_checkpoint`; or none is whole.
    """
    found = last_checkpoint(folder)
    if found is None:
        return None
    try:
        check_checkpoint(found)
    except ValueError:
        return _newest_whole(pathlib.Path(folder), f"{os.path.basename(found)} is damaged")
    return found


def check_checkpoint(found: str) -> None:
    """Raises ValueError unless a checkpoint is as it was saved; see `checksums.check_beside`."""
    checksums.check_beside(pathlib.Path(found))


def origin(found: str) -> dict:
    """The folder and the step of the checkpoint with the prefix `found`."""
    path = pathlib.Path(found)
    return {"checkpoint": path.parent.name, "step": _step(path)}


def _newest_whole(folder, why):
    for stem in sorted(_saved(folder), key=_step, reverse=True):
        if _is_whole(stem):
            _note_once(f"{folder}: {why}. {stem.name}, the newest whole checkpoint, is taken.")
            return str(stem)
    raise ValueError(
        f"{folder} is damaged: {why}, and no checkpoint in it is whole. Take another copy, or "
        "delete the run directory and train anew."
    )


def _saved(folder):
    """What was once complete there, path prefixes: the index or the checksums are left."""
    found = [file for suffix in ("index", "sha256") for file in folder.glob(f"ckpt-*.{suffix}")]
    return {file.with_suffix("") for file in found if file.stem.rpartition("-")[2].isdigit()}


def _is_whole(stem):
    """Whether a checkpoint is as it was saved; without checksums, whether all of it can be read."""
    try:
        if stem.with_name(stem.name + checksums.SUFFIX).is_file():
            checksums.check_beside(stem)
        reader = tf.train.load_checkpoint(str(stem))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)  # TensorFlow compares a checksum of its own.
    # Errors are of many kinds where a file is damaged.
    except Exception:
        return False
    return True


def _step(stem):
    return int(stem.name.rpartition("-")[2])


@functools.cache
def _note_once(text):
    """A run's checkpoints are looked for several times in one command."""
    note(text)
