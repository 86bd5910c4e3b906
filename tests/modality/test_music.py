"""A run on music: trained, measured, and written as piano rolls and MIDI."""

import json

import mido
import numpy as np
import pytest

import keras_vae
from keras_vae.batches import Batch
from keras_vae.modality import Music, music
from keras_vae.report import comparison_page, pictures, plots
from keras_vae.runs import loading
from tests import browser, tiny, tools

SIX_PITCHES = Music(levels=7, lowest_pitch=60)
FOLDERS = {"samples": 9, "reconstructions": 12, "interpolations": 15}


@pytest.fixture(scope="module")
def chorales(tmp_path_factory):
    """A file of chorales in four voices."""
    rng, arrays = np.random.default_rng(0), {}
    for split, length in {"train": 200, "valid": 32, "test": 160}.items():
        arrays[f"{split}_pitches"] = rng.integers(60, 66, (length, 4)).astype(np.int8)
        arrays[f"{split}_offsets"] = np.array([0, length], np.int32)
    path = tmp_path_factory.mktemp("data") / "made.npz"
    np.savez(path, **arrays)
    return path


def test_a_run_writes_midi_and_piano_rolls(chorales, run_train, tmp_path):
    done = run_train(
        "--recipe=music",
        f"--dataset=chorales:{chorales}",
        "--window=16",
        "--bar_steps=8",
        "--hidden=8",
        "--latent_dim=2",
        "--epochs=1",
        "--batch_size=4",
        "--picture_epochs=1",
        "--num_samples=2",
        "--tensorboard=false",
        f"--workdir={tmp_path / 'run'}",
    )
    assert done.code == 0, done.err
    run = tmp_path / "run"
    for folder, count in FOLDERS.items():
        files = sorted((run / folder).iterdir())
        assert len(files) == count
        for file in files:
            tracks = mido.MidiFile(file).tracks
            assert len(tracks) == 4
            notes = [m.note for track in tracks for m in track if m.type == "note_on"]
            assert set(notes) <= set(range(60, 66))
    names = {f"sample_{i}_temperature_{t}.mid" for i in (1, 2, 3) for t in ("0.5", "0.75", "1")}
    assert {file.name for file in (run / "samples").iterdir()} == names
    assert (run / "pictures" / "epoch_00001.png").exists()
    assert "piano rolls that the model made" in (run / "report.html").read_text()
    if tools.has("chromium"):
        browser.assert_sound(run / "report.html", 400)
    stored = json.loads((run / "config.json").read_text())
    assert stored["config"]["model"]["modality"] == SIX_PITCHES.to_dict()
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["num_examples"] == 10
    assert np.isfinite(evaluation["nll_nats"])
    # A run of before there were modalities says its lowest pitch.
    del stored["config"]["model"]["modality"]
    stored["data"]["lowest_pitch"] = 60
    (run / "config.json").write_text(json.dumps(stored))
    found = loading.read_config_json(run)["config"]["model"]["modality"]
    assert found == SIX_PITCHES.to_dict()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--recipe=vae", "--window=16"),
            "likelihood=bernoulli with binarization=dynamic: the pitches",
        ),
        (("--recipe=music", "--window=500"), "window must be at most 200"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(chorales, run_train, flags, message, tmp_path):
    done = run_train(f"--dataset=chorales:{chorales}", *flags, f"--workdir={tmp_path / 'run'}")
    assert done.code == 2
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_pictures_show_what_was_made():
    modality = Music(levels=6, lowest_pitch=60)
    options = {"event_shape": (32, 4, 1), "levels": 6, "modality": modality.to_dict()}
    vae = tiny.randomize(tiny.vae(recipe="music", **options), scale=0.5)
    x = tiny.images_for(vae, 8)
    x = np.round(x * 4) / 5
    batch = Batch(x.astype(np.float32), None)
    made = music.make(vae, batch)
    assert made.interpolations.shape == (5, 3, 32, 4, 1)
    np.testing.assert_array_equal(made.originals, batch.x[:6])
    np.testing.assert_array_equal(made.interpolations[0], made.reconstructions[:3])
    np.testing.assert_array_equal(made.interpolations[-1], made.reconstructions[1:4])
    assert made.samples.shape == (3, 3, 32, 4, 1)
    np.testing.assert_array_equal(made.samples[-1], vae.sample(3, seed=music.SEED))
    cold = vae.sample(3, temperature=0.5, seed=music.SEED)
    np.testing.assert_array_equal(made.samples[0], cold)
    assert (made.samples[0] != made.samples[-1]).any()
    # Differences come from z alone.
    twice = music.make(vae, Batch(np.repeat(batch.x[:1], 8, axis=0), None))
    np.testing.assert_array_equal(
        twice.reconstructions, np.repeat(twice.reconstructions[:1], 6, axis=0)
    )
    ((figure, _),) = comparison_page._samples(vae)  # 9 rolls of 5 by 32, a pixel between them.
    assert figure.axes[0].get_images()[0].get_array().shape[:2] == (3 * 6 - 1, 3 * 33 - 1)
    shown = pictures.pictures(vae, batch)
    assert [p.name for p in shown] == ["reconstructions", "samples", "interpolations", "latents"]
    assert all(isinstance(p, pictures.Picture) and p.alt and p.caption for p in shown)


def test_an_autoencoder_of_music_has_no_samples(tmp_path):
    options = {"posterior": "deterministic", "prior": "none", "objective": "reconstruction"}
    vae = tiny.vae(recipe="music", **options)
    assert isinstance(vae, keras_vae.VAE)
    made = music.make(vae, Batch(tiny.images_for(vae, 8), None))
    assert made.samples is None
    modality = Music(tiny.LEVELS, lowest_pitch=60)
    modality.write_midi(tmp_path, made)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["interpolations", "reconstructions"]
    # A second time takes the first's place.
    modality.write_midi(tmp_path, made)
    assert len(list((tmp_path / "reconstructions").iterdir())) == 12


def test_piano_rolls_have_a_row_for_each_pitch():
    x = np.array([[0, 3], [1, 3], [2, 0]], np.float32)[..., np.newaxis] / 3  # [T, V, 1]
    roll = plots.piano_rolls(x, levels=4, bar_steps=2)
    assert roll.shape == (3, 3, 3)
    first, second = (np.round(255 * np.array(plots.COLOURS[v])) for v in (0, 1))
    np.testing.assert_array_equal(roll[2, 1], first)  # Pitch upwards: level 1 at the bottom.
    np.testing.assert_array_equal(roll[1, 2], first)
    np.testing.assert_array_equal(roll[0, :2], [second, second])
    np.testing.assert_array_equal(roll[2, [0, 2]], np.full((2, 3), 225))  # Bar lines.
    np.testing.assert_array_equal(roll[0, 2], np.full(3, 225))
    assert plots.piano_rolls(np.stack([x] * 5), 4).shape == (5, 3, 3, 3)
