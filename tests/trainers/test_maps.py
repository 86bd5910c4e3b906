"""Latents with a place, from the command line."""

import json

import numpy as np

from keras_vae import runs
from keras_vae._compat import tf
from keras_vae.report import run_facts
from keras_vae.runs import callbacks
from keras_vae.training import feeding
from tests.in_process import TINY, assert_same, rows, weights

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
    assert "Network conv, 2x2x3 latents, diagonal posterior" in run_facts.subtitle(
        run.config, run.model
    )


def test_layers_of_maps_that_are_stopped_go_on_as_unbroken_ones(run_train, tmp_path, monkeypatch):
    """To the bit, in the middle of an epoch, with noise that is drawn in the step."""
    monkeypatch.setattr(feeding, "MOST_NOISE", 0)
    x = np.random.default_rng(0).integers(0, 256, (50, 7, 5, 3)).astype(np.uint8)
    np.savez(tmp_path / "photos.npz", train_images=x[:40], test_images=x[40:])
    flags = (f"--dataset=npz:{tmp_path}/photos.npz", "--recipe=deep", "--augment=flip", *TINY[4:])
    flags += ("--stages=4x1,1x1", "--width=4", "--latent_channels=2", "--likelihood_components=2")
    flags += ("--batch_size=9", "--epochs=2", "--steps_per_execution=1", "--checkpoint_steps=1")
    flags += ("--validation_size=0",)
    unbroken, stopped = tmp_path / "unbroken", tmp_path / "stopped"
    done = run_train(*flags, f"--workdir={unbroken}")
    assert done.code == 0, done.err
    end = callbacks.StopOnNonFinite.on_train_batch_end

    def stop(self, batch, logs):
        end(self, batch, logs)
        if self._progress.step == 6:
            raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.StopOnNonFinite, "on_train_batch_end", stop)
        assert run_train(*flags, f"--workdir={stopped}").code == 9
    resumed = run_train(f"--workdir={stopped}", *TINY[4:], "--steps_per_execution=1")
    assert resumed.code == 0, resumed.err
    assert "Resuming at step 5" in resumed.out
    assert_same(weights(unbroken), weights(stopped))
    assert rows(unbroken) == rows(stopped)
