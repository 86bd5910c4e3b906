"""trainers.anomaly: other images told from the run's own, and what it refuses."""

import dataclasses
import json

import numpy as np
import pytest

from keras_vae import measures, runs
from keras_vae.data import load
from keras_vae.measures import SCORES
from keras_vae.tasks import anomalies
from tests import binaries
from tests.in_process import TINY, parse
from tests.measures import stated
from trainers import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of digits, their negatives, and images of another size or of other values."""
    folder = tmp_path_factory.mktemp("anomaly")
    parse(*TINY, f"--workdir={folder / 'run'}")
    train.main()
    digits = load("digits").test.array
    np.savez(folder / "negatives.npz", x=1.0 - digits)
    np.savez(folder / "small.npz", x=digits[:, :4, :4])
    np.savez(folder / "outside.npz", x=3.0 * digits)
    return folder


def test_negatives_are_told_from_digits(folder):
    flags = (f"--dataset=npz:{folder / 'negatives.npz'}", "--num_examples=50", "--num_samples=20")
    done = binaries.run("trainers.anomaly", f"--run={folder / 'run'}", *flags)
    assert done.code == 0, done.err
    stated.check(folder / "run" / "anomaly.json")
    found = json.loads((folder / "run" / "anomaly.json").read_text())
    assert set(found) == measures.keys("anomaly.json")
    for name in SCORES:
        assert 0.9 < found[f"auroc_{name}"] <= 1.0
        assert f"auroc_{name}: {found[f'auroc_{name}']:.4f}" in done.out
        assert (folder / "run" / "figures" / f"anomaly_{name}.png").stat().st_size > 1000
    assert found["nll_nats_of_other"] > found["nll_nats"] + 1.0
    assert (found["num_examples"], found["num_samples"]) == (50, 20)


def test_a_run_is_not_told_from_its_own_data(folder):
    run = runs.load(folder / "run")
    held_out = dataclasses.replace(run.data, test=run.data.validation)
    found = anomalies.score(run, held_out, num_examples=179, num_samples=5, seed=0)
    for name in SCORES:
        assert abs(found[f"auroc_{name}"] - 0.5) < 4 * found[f"auroc_{name}_stderr"] < 0.2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("small.npz", r"shape \(4, 4, 1\), the run's model is for \(8, 8, 1\)"),
        ("outside.npz", r"\[0, 1\]"),
        ("missing.npz", "missing"),
    ],
)
def test_other_images_are_refused(folder, name, words):
    run = runs.load(folder / "run")
    with pytest.raises((ValueError, OSError), match=words):
        anomalies.load_other(run, f"npz:{folder / name}", None)


def test_models_that_are_told_labels_are_refused(folder):
    run = runs.load(folder / "run")
    labelled = dataclasses.replace(
        run, config=run.config.replace(condition="label", num_classes=10)
    )
    with pytest.raises(ValueError, match="conditioned on labels"):
        anomalies.load_other(labelled, "digits", None)


def test_names_within_the_runs_data_are_not_looked_for_in_the_other(folder):
    run = runs.load(folder / "run")
    named = run.config.replace(npz_keys=("train=my_train",), label="scale")
    other = anomalies.load_other(
        dataclasses.replace(run, config=named), f"npz:{folder / 'negatives.npz'}", None
    )
    assert other.train.shape == (8, 8, 1)


def test_fewer_images_than_the_run_held_out_will_do(folder):
    """How many those were is of the run's own data."""
    run = runs.load(folder / "run")
    run = dataclasses.replace(run, config=run.config.replace(validation_size=1000))
    other = anomalies.load_other(run, f"npz:{folder / 'negatives.npz'}", None)
    assert other.test.num_examples == 17


def test_one_test_image_can_be_told_from_nothing(folder):
    run = runs.load(folder / "run")
    x = 1.0 - load("digits").test.array
    np.savez(folder / "one.npz", train_images=x, test_images=x[:1])
    with pytest.raises(ValueError, match="has one test image; at least 2 can be told apart"):
        anomalies.load_other(run, f"npz:{folder / 'one.npz'}", None)
    alone = dataclasses.replace(run.data, test=run.data.test.hold_out(1, [0, 0])[0])
    with pytest.raises(ValueError, match="has only one test image, and telling data apart takes"):
        anomalies.load_other(dataclasses.replace(run, data=alone), "digits", None)
