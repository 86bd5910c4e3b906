"""runs and tasks from Python: what the binaries do, without a flag."""

import json

import numpy as np
import pytest

import keras_vae
from keras_vae import report, runs, tasks
from keras_vae._compat import tf
from tests.in_process import TINY, samples_unmeasured

OPTIONS = {"jit_compile": False, "picture_epochs": 0, "tensorboard": False}


def config(epochs=3, **options):
    """That of TINY's flags, on digits."""
    small = {"hidden": (8,), "latent_dim": 2, "learning_rate_schedule": "constant"}
    return keras_vae.recipe("vae", dataset="digits", epochs=epochs, **small, **options)


def weights(run):
    return run.model.get_weights()


@pytest.fixture(scope="module")
@samples_unmeasured()
def run(tmp_path_factory):
    return runs.train(config(), tmp_path_factory.mktemp("runs") / "a", num_samples=10, **OPTIONS)


def test_a_run_holds_its_model_data_numbers_and_history(run):
    assert (run.config.model.event_shape, run.data.name) == ((8, 8, 1), "digits")
    assert run.evaluation["num_samples"] == 10
    assert len(run.history["loss"]) == 3
    assert run.model.sample(2, seed=0).shape == (2, 8, 8, 1)
    assert run.is_reported
    again = runs.load(run.path)
    assert (again.step, again.evaluation) == (run.step, run.evaluation)


def test_python_trains_what_the_binary_trains(run, run_train, tmp_path):
    assert run_train(*TINY, f"--workdir={tmp_path}/b").code == 0
    binary = runs.load(tmp_path / "b")
    for a, b in zip(weights(run), weights(binary), strict=True):
        np.testing.assert_array_equal(a, b)
    assert binary.evaluation is None
    replay = (run.path / "flags.txt").read_text()
    assert {"--jit_compile=false", "--num_samples=10"} <= set(replay.split())


def test_more_epochs_go_on_to_the_bit(run, tmp_path):
    longer = runs.train(config(4), tmp_path / "long", evaluate=False, **OPTIONS)
    runs.train(config(3), tmp_path / "short", evaluate=False, **OPTIONS)
    kept = runs.load(tmp_path / "short").config.replace(epochs=4)
    resumed = runs.train(kept, tmp_path / "short", evaluate=False, **OPTIONS)
    for a, b in zip(weights(longer), weights(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_config_is_refused(run):
    with pytest.raises(ValueError, match="another config: latent_dim 2 -> 3"):
        runs.train(config().replace(latent_dim=3), run.path, **OPTIONS)
    with pytest.raises(ValueError, match="resume is off"):
        runs.train(run.config, run.path, resume=False, **OPTIONS)
    with pytest.raises(TypeError, match="epochs"):
        runs.train(config(), run.path, epochs=3)


def test_replicas_are_a_strategy(two_replicas, tmp_path):
    trained = runs.train(config(1), tmp_path / "r", two_replicas, evaluate=False, **OPTIONS)
    assert trained.step == runs.load(tmp_path / "r").step > 0
    assert trained.model.distribute_strategy is tf.distribute.get_strategy()  # Read again.


def test_a_report_is_written_of_a_measured_run_alone(run, tmp_path):
    unmeasured = runs.train(config(1), tmp_path / "r", evaluate=False, **OPTIONS)
    with pytest.raises(ValueError, match=r"isn't measured.*tasks\.evaluate"):
        report.write(unmeasured)
    page = (run.path / "report.html").read_text()
    (run.path / "report.html").unlink()
    assert report.write(run) == run.path / "report.html"
    assert (run.path / "report.html").read_text() == page


@samples_unmeasured()
def test_tasks_write_beside_the_run(run, tmp_path):
    found = tasks.evaluate(run, num_samples=20, seed=1)
    assert json.loads((run.path / "evaluation.json").read_text()) == run.evaluation
    assert found["num_samples"] == run.evaluation["num_samples"] == 20
    assert run.path / "latents" / "latents.npz" in tasks.write_latents(run)
    other = runs.train(config(1, seed=1), tmp_path / "other", num_samples=20, **OPTIONS)
    assert tasks.compare([run.path, other.path], tmp_path / "both").is_file()
