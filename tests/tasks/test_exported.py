"""Exports measured on the test split: by TensorFlow alone they say what the model says."""

import json
import shutil

import numpy as np
import pytest

import keras_vae
from export import writer
from keras_vae.data import load as load_data
from keras_vae.runs import loading, saved_checkpoints
from keras_vae.tasks import exported
from tests import binaries
from tests.in_process import TINY, samples_unmeasured
from tests.measures import stated

SAVED_MODEL = {"formats": ["savedmodel"], "batch_sizes": [1]}
# Importance samples of one image vary; of 179 images together little.
NUM_SAMPLES = 300


@pytest.mark.parametrize("recipe", ["vae", "cvae"])
@samples_unmeasured()
def test_an_export_has_the_runs_likelihood(run_train, tmp_path, recipe):
    run = tmp_path / "run"
    flags = (*TINY[:-1], f"--recipe={recipe}", f"--num_samples={NUM_SAMPLES}")
    assert run_train(*flags, f"--workdir={run}").code == 0
    model = keras_vae.load(run)
    origin = saved_checkpoints.origin(loading.find_checkpoint(run))
    described = loading.read_config_json(run) | {"exported": origin}
    writer.write(model, run / "export", **SAVED_MODEL, described=described)
    found = exported.evaluate_export(exported.load_export(run / "export"), NUM_SAMPLES)
    wanted = json.loads((run / "evaluation.json").read_text())
    assert json.loads((run / "export" / "evaluation.json").read_text()) == found
    for path in (run, run / "export"):
        stated.check(path / "evaluation.json")
    # The same images; other samples of them.
    assert found["nll_stderr"] == pytest.approx(wanted["nll_stderr"], rel=0.1)
    for name in ("nll_nats", "elbo_nats", "distortion_nats", "bits_per_dim", "elbo_bits_per_dim"):
        assert found[name] == pytest.approx(wanted[name], rel=2e-3)
    assert found["rate_nats"] == pytest.approx(wanted["rate_nats"], rel=1e-4)  # in closed form
    for name in ("dataset", "split", "data_notes", "binarization", "checkpoint", "step", "ema"):
        assert found[name] == wanted[name]
    assert found["num_examples"] == 179
    with np.load(run / "export" / "evaluation.npz") as examples:
        assert examples["nll"].mean() == pytest.approx(found["nll_nats"], rel=1e-5)
        assert len(examples["effective_sample_size"]) == 179
    assert found["alarms"] == wanted["alarms"]
    # After so short a training latents say nothing; of an image with its label, a little.
    assert len(found["alarms"]) == (recipe == "vae")


def test_what_can_not_be_measured_is_refused_in_one_line(run_train, tmp_path):
    run = tmp_path / "run"
    assert run_train(*TINY, "--recipe=ae", f"--workdir={run}").code == 0
    model = keras_vae.load(run)
    writer.write(model, run / "export", **SAVED_MODEL, described=loading.read_config_json(run))
    done = binaries.run("trainers.evaluate", f"--run={run}/export")
    assert done.code == 2
    assert "is the export of an autoencoder, which has no likelihood" in done.err.splitlines()[-1]
    shutil.copytree(run / "export", run / "lite", ignore=lambda *_: ["saved_model"])
    done = binaries.run("trainers.evaluate", f"--run={run}/lite")
    assert (done.code, "has no SavedModel" in done.err) == (2, True)
    shutil.copytree(run / "export", run / "alone")
    (run / "alone" / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"alone is not a run: it has no config\.json"):
        exported.load_export(run / "alone")


def test_data_that_has_changed_is_refused(run_train, tmp_path):
    digits = load_data("digits").train.array
    np.savez(tmp_path / "x.npz", x=digits)
    run = tmp_path / "run"
    source = f"--dataset=npz:{tmp_path}/x.npz"
    assert run_train(*TINY, source, f"--workdir={run}").code == 0
    described = loading.read_config_json(run)
    writer.write(keras_vae.load(run), run / "export", **SAVED_MODEL, described=described)
    np.savez(tmp_path / "x.npz", x=digits[::-1])
    with pytest.raises(ValueError, match=r"the data of run=.*export has changed"):
        exported.load_export(run / "export")


@pytest.mark.parametrize("flag", ["--checkpoint=last", "--ais_examples=5", "--features=a.keras"])
def test_flags_that_an_export_has_no_use_for_are_refused(tmp_path, flag):
    (tmp_path / "parity.json").write_text("{}")
    done = binaries.run("trainers.evaluate", f"--run={tmp_path}", flag)
    assert done.code == 2
    assert "is an export" in done.err.splitlines()[-1]
    assert "Leave out checkpoint, ais_examples and features" in done.err.splitlines()[-1]


def test_a_rate_of_zero_is_no_alarm_where_nothing_is_inferred(run_train, tmp_path):
    run = tmp_path / "run"
    flags = ("--recipe=monte_carlo", "--latent_samples=5", f"--workdir={run}")
    assert run_train(*TINY, *flags).code == 0
    described = loading.read_config_json(run) | {
        "exported": saved_checkpoints.origin(loading.find_checkpoint(run))
    }
    writer.write(keras_vae.load(run), run / "export", **SAVED_MODEL, described=described)
    found = exported.evaluate_export(exported.load_export(run / "export"), 20)
    assert found["rate_nats"] == pytest.approx(0.0, abs=1e-5)
    assert not [alarm for alarm in found["alarms"] if "collapsed" in alarm]
