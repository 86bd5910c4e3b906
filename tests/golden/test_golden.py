"""Files of the past load for ever, and give the numbers that they gave: see make.py."""

import json
import math
import shutil

import numpy as np
import pytest

import keras_vae
from keras_vae import evaluation, runs
from keras_vae.config.sections import TrainingConfig
from keras_vae.decoder import BayesianDecoder
from keras_vae.runs import run_data, run_directory
from keras_vae.runs.run_data import first_examples, load_config_and_data
from tests import binaries, defaults
from tests.golden import make

# They are from before there were checksums, which is told of each.
pytestmark = pytest.mark.filterwarnings("ignore:.*without a checksum:keras_vae.messages.notes.Note")
EXPECTED = json.loads((make.HERE / "expected.json").read_text())


def assert_close(found, wanted):
    """Relative 1e-5, and of numbers near 0 so much of the largest."""
    largest = np.max(np.abs(wanted))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * largest)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(binaries.ROOT)


@pytest.fixture(params=make.RUNS)
def name(request):
    return request.param


@pytest.mark.parametrize("kind", ["model.keras", "run"])
def test_models_and_runs_load_sample_and_measure(name, kind):
    config, dataset = load_config_and_data(make.HERE / name / "run")
    model = keras_vae.load(make.HERE / name / kind)
    batch = first_examples(config, dataset, 4)
    for key, found in make.numbers(model, batch).items():
        assert_close(found, EXPECTED[name][key])


@pytest.mark.parametrize("name", [name for name, (_, formats) in make.RUNS.items() if formats])
def test_exports_sample(name):
    config, dataset = load_config_and_data(make.HERE / name / "run")
    batch = first_examples(config, dataset, 4)
    found = make.exported(make.HERE / name / "export", batch)["exported"]
    for key, wanted in EXPECTED[name]["exported"].items():
        assert_close(found[key], wanted)


def test_runs_are_measured_and_go_on(name, tmp_path):
    """With the splits, the scale and the options that they began with."""
    run = tmp_path / "run"
    shutil.copytree(make.HERE / name / "run", run)
    before = json.loads((run / "config.json").read_text())["data"]
    done = binaries.run(
        "trainers.train", f"--flagfile={run / 'flags.txt'}", "--epochs=3", f"--workdir={run}"
    )
    assert done.code == 0, done.err
    after = json.loads((run / "config.json").read_text())["data"]
    for key in ("fingerprint", "num_examples"):
        assert after[key] == before[key]
    read = runs.load(run)
    batches = run_data.evaluation_batches(read.config, read.data, "test", batch_size=100)
    found = evaluation.likelihood(read.model, batches, num_samples=5)
    for key, wanted in EXPECTED[name]["evaluation"].items():
        assert found[key] == (wanted and pytest.approx(wanted, rel=1e-5)), key
    for key, wanted in EXPECTED[name]["resumed"].items():
        assert make.last_row(run)[key] == pytest.approx(wanted, rel=1e-5), key


@pytest.mark.parametrize("name", ["single", "few_levels"])
def test_runs_go_on_by_their_own_options(name, tmp_path, run_train, monkeypatch):
    """Nothing but their directory is given, and all defaults of training have changed since."""
    run = tmp_path / "run"
    shutil.copytree(make.HERE / name / "run", run)
    changed = {"learning_rate": 0.5, "optimizer": "rmsprop", "batch_size": 7, "epochs": 99}
    changed |= {"learning_rate_schedule": "cosine", "ema_decay": 0.5, "clip_norm": 1e-3, "seed": 8}
    defaults.change(monkeypatch, TrainingConfig, **changed)
    # Which kernels they began with is no option; another process would be started for them.
    monkeypatch.setattr(run_directory, "onednn_to_set", lambda path: None)
    quick = ("--jit_compile=false", "--tensorboard=false", "--picture_epochs=0", "--evaluate=false")
    done = run_train(f"--workdir={run}", "--epochs=3", *quick)
    assert done.code == 0, done.err
    for key, wanted in EXPECTED[name]["resumed"].items():
        assert make.last_row(run)[key] == pytest.approx(wanted, rel=1e-5), key


def test_a_body_with_tensor_functions_loads():
    model = keras_vae.load(make.HERE / "tensor_functions.keras")
    x = np.random.default_rng(1).uniform(size=(4, 8, 8, 1)).astype(np.float32)
    assert_close(make.elbo(model, x), EXPECTED["tensor_functions"]["elbo"])
    assert_close(make.samples(model, None)["sample"], EXPECTED["tensor_functions"]["sample"])


def test_a_decoder_of_bayesian_weights_loads():
    model = keras_vae.load(make.HERE / "bayesian_weights.keras")
    assert type(model.decoder) is BayesianDecoder
    for key, found in make.of_bayesian_weights(model).items():
        assert_close(found, EXPECTED["bayesian_weights"][key])


def test_the_files_are_small():
    files = [f for f in make.HERE.rglob("*") if f.is_file() and f.suffix != ".py"]
    sizes = [file.stat().st_size for file in files]
    assert max(sizes) <= 300_000
    assert math.fsum(sizes) <= 1_500_000
