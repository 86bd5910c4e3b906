"""Music as standard MIDI files."""

import io
import pathlib

import numpy as np

from keras_vae.files import write_atomically

_TICKS_PER_STEP = 120
_STEPS_PER_BEAT = 4  # Steps are sixteenths.
_VELOCITY = 80


def write_file(
    path: str | pathlib.Path,
    x: np.ndarray,
    levels: int,
    lowest_pitch: int,
    beats_per_minute: float = 80.0,
) -> None:
    """Writes a window of music, a track for each voice.

    A pitch that stays is one held note: the data doesn't tell it from a repeated one.

    Args:
      path: the file.
      x: [T, V, 1], level / (levels - 1); level 0 is silence.
      levels, lowest_pitch: as of the data (`data.Split`).
      beats_per_minute: four steps are a beat.
    """
    import mido

    level = np.round(np.asarray(x)[..., 0] * (levels - 1)).astype(int)
    pitches = np.where(level > 0, level + lowest_pitch - 1, -1)
    file = mido.MidiFile(type=1, ticks_per_beat=_STEPS_PER_BEAT * _TICKS_PER_STEP)
    for voice, line in enumerate(pitches.T):
        track = mido.MidiTrack()
        if voice == 0:
            track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_per_minute)))
        waited = 0
        for pitch, steps in _notes(line):
            ticks = steps * _TICKS_PER_STEP
            if pitch < 0:
                waited += ticks
                continue
            # Channel 9 is for drums.
            note = {"note": pitch, "velocity": _VELOCITY, "channel": voice % 9}
            track.append(mido.Message("note_on", time=waited, **note))
            track.append(mido.Message("note_off", time=ticks, **note))
            waited = 0
        track.append(mido.MetaMessage("end_of_track", time=waited))
        file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    write_atomically(pathlib.Path(path), content.getvalue())


def _notes(line):
    """(pitch, steps) of each run of equal pitches [T]."""
    starts = np.flatnonzero(np.diff(line, prepend=line[0] - 1))
    lengths = np.diff([*starts, len(line)])
    return [(int(line[start]), int(length)) for start, length in zip(starts, lengths, strict=True)]
