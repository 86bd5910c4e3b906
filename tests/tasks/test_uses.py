"""Scores, samples and imputations of a run, on its own data and on other data with gaps."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from keras_vae import tasks
from keras_vae.data import load
from keras_vae.tasks import example_scores, imputed_file, other_data, sample_files
from tests import binaries

K = 40


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """(name of digits with gaps, x [N, 8, 8, 1] black and white, mask)."""
    x = load("digits").test.array[:25] > 0.5
    mask = np.random.default_rng(0).uniform(size=x.shape) < 0.6
    mask[0], mask[1] = False, True
    path = tmp_path_factory.mktemp("gaps") / "gaps.npz"
    np.savez(path, x=x, train_mask=mask)
    return f"npz:{path}", x, mask


def test_scores_are_log_p_of_each_example_in_order(run, gaps, tmp_path):
    name, x, mask = gaps
    found = tasks.score(run, name, tmp_path / "scores.csv", num_samples=2000)
    with open(tmp_path / "scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for column, values in found.items():
        np.testing.assert_allclose([float(row[column]) for row in rows], values)
    wanted, error = (t.numpy() for t in run.model.score_samples(x, 2000, seed=3, mask=mask))
    spread = np.hypot(error, found["stderr_nats"])
    assert np.all(np.abs(found["log_prob_nats"] - wanted) < 5 * spread + 1e-3)
    np.testing.assert_allclose(found["stderr_nats"].mean(), error.mean(), rtol=0.2)
    np.testing.assert_array_equal(found["num_known"], mask.reshape(25, -1).sum(1))
    assert np.isnan(found["log_prob_nats_per_dim"][0])  # Nothing of it is known.
    per_dim = found["log_prob_nats"][1:] / found["num_known"][1:]
    np.testing.assert_allclose(found["log_prob_nats_per_dim"][1:], per_dim)


def test_a_command_scores_the_runs_own_test_split(run):
    done = binaries.run(
        "trainers.score", f"--run={run.path}", "--num_examples=7", f"--num_samples={K}"
    )
    assert done.code == 0, done.err
    with open(run.path / "scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["example"] for row in rows] == list("0123456")
    mean = np.mean([float(row["log_prob_nats"]) for row in rows])
    assert f"log p of 7 images: {mean:.4f} nats" in done.out


def test_what_is_unknown_is_filled_and_what_is_known_stays(run, gaps, tmp_path):
    name, x, mask = gaps
    found = tasks.impute(run, name, tmp_path / "out.npz", draws=3, num_samples=300)
    with np.load(tmp_path / "out.npz") as file:
        stored = dict(file)
    assert stored.keys() == found.keys()
    np.testing.assert_array_equal(stored["mask"], mask)
    np.testing.assert_array_equal(stored["x"][mask], x[mask])
    np.testing.assert_array_equal(stored["spread"][mask], 0.0)
    assert np.all(np.isin(stored["draws"], (0, 1)))
    # Of the image that is unknown as a whole, the mean is that of all samples.
    wanted = sample_files._drawn(run.model, 2000, 0, 1.0, None, means=True)
    error = wanted.std(axis=0) / np.sqrt(found["effective_sample_size"][0])
    assert np.all(np.abs(stored["x"][0] - wanted.mean(axis=0)) < 6 * error + 1e-3)
    with pytest.raises(ValueError, match="dataset=digits has no unknown values to fill"):
        imputed_file.impute(run, "digits", tmp_path / "other.npz")


def test_samples_are_a_folder_of_the_models_exact_values(run, tmp_path):
    out = tasks.sample(run, 12, tmp_path / "made", seed=1)
    with np.load(out / "samples.npz") as file:
        x = file["x"]
    assert x.shape == (12, 8, 8, 1)
    assert set(np.unique(x)) == {0.0, 1.0}
    files = sorted(out.glob("*.png"))
    assert [file.name for file in files] == [f"sample_{i:05d}.png" for i in range(12)]
    for file, image in zip(files, x, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)) / 255, image[..., 0])
    about = json.loads((out / "samples.json").read_text())
    assert (about["seed"], about["temperature"], about["samples_are"]) == (1, 1.0, "draws")
    assert about["step"] == run.step
    means = tasks.sample(run, 3, tmp_path / "means", seed=1, temperature=0.0, means=True)
    with np.load(means / "samples.npz") as file:
        np.testing.assert_allclose(file["x"][0], file["x"][2])  # All are of the prior's mean.
    with pytest.raises(ValueError, match="must be a new or an empty folder"):
        tasks.sample(run, 2, out)


def test_nothing_half_written_is_taken_for_samples(run, tmp_path, monkeypatch):
    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(sample_files, "write_json", fails)
    with pytest.raises(OSError, match="disk full"):
        tasks.sample(run, 2, tmp_path / "made")
    assert not any(tmp_path.iterdir())


def test_conditions_are_labels_by_name_or_number(run):
    config = run.config.replace(condition="label", num_classes=10)
    told = dataclasses.replace(run, config=config)
    with pytest.raises(ValueError, match="condition=3: the run's model isn't conditioned"):
        sample_files.conditions(told, 4, ["3"])
    assert sample_files.conditions(run, 4) is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data_dir": "x"}, "data_dir, npz_keys, missing and csv_options are for a dataset"),
        ({"dataset": "digits", "split": "test"}, "split=test: dataset=digits has only train"),
        ({"dataset": "npz:none.npz"}, "none.npz"),
    ],
    ids=str,
)
def test_data_that_is_not_there_is_refused(run, options, words):
    with pytest.raises((ValueError, OSError), match=words):
        other_data.source(run, **options)


def test_models_without_likelihoods_have_no_scores(run, tmp_path):
    class Autoencoder:
        has_bound = False

    with pytest.raises(ValueError, match="scores are likelihoods"):
        example_scores.check(dataclasses.replace(run, model=Autoencoder()), tmp_path / "a.csv")
