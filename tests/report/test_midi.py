"""MIDI files, read back."""

import mido
import numpy as np
import pytest

from keras_vae.report import midi

LEVELS, LOWEST = 12, 50


def read(path, num_steps):
    """Pitches [T, V], -1 for silence, and the seconds that the file lasts."""
    file = mido.MidiFile(path)
    pitches = np.full((num_steps, len(file.tracks)), -1)
    for voice, track in enumerate(file.tracks):
        now, begun = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on":
                assert not begun  # A voice plays one note at a time.
                begun[message.note] = now
            if message.type == "note_off":
                start = begun.pop(message.note)
                pitches[start // 120 : now // 120, voice] = message.note
        assert not begun
        assert now == 120 * num_steps
    return pitches, file.length


def test_a_file_holds_the_notes(tmp_path):
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.integers(0, LEVELS, (20, 4)), 2, axis=0)
    levels[:4] = 0  # Silence at first and at last.
    levels[-3:, 1] = 0
    x = (levels / (LEVELS - 1)).astype(np.float32)[..., np.newaxis]
    midi.write_file(tmp_path / "made.mid", x, LEVELS, LOWEST, beats_per_minute=60.0)
    pitches, seconds = read(tmp_path / "made.mid", 40)
    np.testing.assert_array_equal(pitches, np.where(levels == 0, -1, levels + LOWEST - 1))
    assert seconds == pytest.approx(40 / 4)


def test_a_pitch_that_stays_is_one_note(tmp_path):
    x = np.full([8, 1, 1], 3 / (LEVELS - 1), np.float32)
    midi.write_file(tmp_path / "held.mid", x, LEVELS, LOWEST)
    (track,) = mido.MidiFile(tmp_path / "held.mid").tracks
    notes = [(m.type, m.note, m.time) for m in track if not m.is_meta]
    assert notes == [("note_on", LOWEST + 2, 0), ("note_off", LOWEST + 2, 8 * 120)]
