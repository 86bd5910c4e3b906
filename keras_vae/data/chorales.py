"""Windows of chorales in four voices, from one .npz file."""

import numpy as np

from keras_vae.data import array_files
from keras_vae.data.split import InMemory
from keras_vae.modality import Music

SILENT = -1  # the pitch of silence, whose level is 0
BAR_STEPS = 16  # sixteenths in a bar of 4/4, and steps from one training window's start to the next
WINDOW = 64  # steps
_SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def read(
    path: str, window: int | None = None, transpose: int | None = None
) -> tuple[dict[str, InMemory], list[str]]:
    """Loads windows of all chorales.

    A value is level / (levels - 1); level 0 is silence, level k the k-th pitch from the lowest of
    all splits on. Windows of training overlap and begin at every bar, those of validation and test
    don't overlap.

    Args:
      path: the file. It holds `train_pitches`, `valid_pitches`, `test_pitches`, whole numbers [T,
        voices], MIDI pitches or -1 for silence, and `…_offsets` [n + 1]: chorale i is
        pitches[offsets[i]:offsets[i + 1]].
      window: steps in a window; None is 64.
      transpose: training windows are also shifted by up to this many semitones up and down, where
        they stay in the range of all splits; None is 0.

    Returns:
      (dict split -> InMemory [N, window, voices, 1], list of notes).

    Raises:
      FileNotFoundError, ValueError: no such file, no chorales in it, or all too short.
    """
    name, window, transpose = f"chorales:{path}", window or WINDOW, transpose or 0
    found = array_files.read(name, path, lambda headers: _keys(name, headers))
    chorales = {
        split: _chorales(name, split, found[f"{split}_pitches"], found[f"{split}_offsets"])
        for split in _SPLITS
    }
    pitches = np.concatenate([piece for pieces in chorales.values() for piece in pieces])
    sounding = pitches[pitches != SILENT]
    if not len(sounding):
        raise ValueError(f"{name} must hold music to learn from, but all of it is silent.")
    low, high = int(sounding.min()), int(sounding.max())
    modality = Music(levels=high - low + 2, lowest_pitch=low)

    splits, notes = {}, []
    for split, pieces in chorales.items():
        hop = BAR_STEPS if split == "train" else window
        windows = _windows(pieces, window, hop)
        if not len(windows):
            raise ValueError(
                f"window must be at most {max(map(len, pieces))}, the steps of the longest chorale "
                f"in {split} of {name}, got {window}."
            )
        if split == "train":
            windows = _transposed(windows, transpose, low, high)
        else:
            left = sum(map(len, pieces)) - windows.shape[0] * window
            notes.append(f"{split}: {left} steps at the ends of chorales fill no window, left out")
        level = np.where(windows == SILENT, 0, windows - low + 1)
        array = (level / (modality.levels - 1)).astype(np.float32)
        splits[split] = InMemory(array, levels=modality.levels, modality=modality)
    return splits, notes


def _keys(name, files):
    keys = {
        f"{split}_{what}": f"{stored}_{what}"
        for split, stored in _SPLITS.items()
        for what in ("pitches", "offsets")
    }
    missing = sorted(set(keys.values()) - set(files))
    if missing:
        raise ValueError(
            f"{name} has no {' or '.join(missing)}; it holds {', '.join(sorted(files))}."
        )
    return keys


def _chorales(name, split, pitches, offsets):
    """A list of int32 [T, voices]."""
    if pitches.ndim != 2 or pitches.dtype.kind not in "iu" or 0 in pitches.shape:
        raise ValueError(
            f"{split} pitches of {name} must be whole numbers [T, voices], got {pitches.dtype} "
            f"{list(pitches.shape)}."
        )
    if pitches.min() < SILENT or pitches.max() > 127:
        raise ValueError(
            f"{split} pitches of {name} must be MIDI pitches from 0 to 127, or {SILENT} for "
            f"silence; got {pitches.min()} to {pitches.max()}."
        )
    if (
        offsets.ndim != 1
        or len(offsets) < 2
        or offsets.dtype.kind not in "iu"
        or (offsets[0], offsets[-1]) != (0, len(pitches))
        or np.any(np.diff(offsets.astype(np.int64)) < 1)
    ):
        raise ValueError(
            f"{split} offsets of {name} must be whole numbers that rise from 0 to the "
            f"{len(pitches)} steps of its pitches, got {offsets.dtype} {list(offsets[:4])} …"
        )
    return np.split(pitches.astype(np.int32), offsets[1:-1])


def _windows(pieces, window, hop):
    """int32 [N, window, voices, 1], from the beginning of each piece on."""
    found = [
        piece[start : start + window]
        for piece in pieces
        for start in range(0, len(piece) - window + 1, hop)
    ]
    return np.reshape(found, (-1, window, pieces[0].shape[1], 1))


def _transposed(windows, semitones, low, high):
    """The windows, and their shifts by up to `semitones` that stay from low to high."""
    found = [windows]
    for shift in range(-semitones, semitones + 1):
        moved = np.where(windows == SILENT, SILENT, windows + shift)
        fits = (moved == SILENT) | ((moved >= low) & (moved <= high))
        if shift:
            found.append(moved[fits.all(axis=(1, 2, 3))])
    return np.concatenate(found)
