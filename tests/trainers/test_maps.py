"""Latents with a place, from the command line."""

import json

from keras_vae import runs
from keras_vae._compat import tf
from keras_vae.report import run_report
from tests.in_process import TINY

FLAGS = ("--network=conv", "--filters=4,4", "--latent_shape=2x2x3", "--recipe=vamp")


def test_a_run_of_maps_is_replayed_by_its_flags(run_train, tmp_path):
    flags = (*FLAGS, "--prior_components=5", "--condition=image_part", *TINY[2:], "--epochs=1")
    assert run_train(*flags, f"--workdir={tmp_path / 'run'}").code == 0
    stored = json.loads((tmp_path / "run" / "config.json").read_text())["config"]["model"]
    assert stored["latent_shape"] == [2, 2, 3]
    assert "--latent_shape=2x2x3\n" in (tmp_path / "run" / "flags.txt").read_text()
    resumed = run_train(f"--flagfile={tmp_path / 'run' / 'flags.txt'}", "--epochs=2")
    assert resumed.code == 0, resumed.err
    assert "Resuming at step 11" in resumed.out
    run = runs.load(tmp_path / "run")
    assert run.step == 22
    assert run.model.latent_shape == (2, 2, 3)
    # Beside z at each place is a patch of 4x4 pixels, and which of them are given.
    (first, *_) = run.model.decoder.network.weights
    assert first.shape == tf.TensorShape([3, 3, 3 + 16 * 2, 4])
    assert "Network conv, 2x2x3 latents, diagonal posterior" in run_report._subtitle(
        run.config, run.model
    )
