"""What an evaluation writes."""

import json

import numpy as np
import pytest

from keras_vae import evaluation
from tests.trainers.conftest import TINY, parse
from trainers import measure, train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run, not measured."""
    path = tmp_path_factory.mktemp("run")
    parse(f"--workdir={path}", *TINY)
    train.main()
    return measure.load(path)


@pytest.fixture(scope="module")
def measured(run):
    return measure.measure(run, 200, seed=1, annealing=measure.Annealing(20, 100, 8))


def test_the_files_hold_what_is_returned(run, measured):
    stored = json.loads((run.path / "evaluation.json").read_text())
    assert stored == json.loads(json.dumps(measured))
    with np.load(run.path / "evaluation.npz") as examples:
        np.testing.assert_allclose(examples["nll"].mean(), measured["nll_nats"], rtol=1e-5)
        bound = -(examples["rate"] + examples["distortion"]).mean()
        np.testing.assert_allclose(bound, measured["elbo_nats"], rtol=1e-5)
        assert len(examples["effective_sample_size"]) == measured["num_examples"]


def test_it_says_on_what_it_was_measured(measured):
    said = {name: measured[name] for name in ("dataset", "split", "binarization", "checkpoint")}
    assert said == {
        "dataset": "digits",
        "split": "test",
        "binarization": "dynamic",
        "checkpoint": "best",
    }
    assert (measured["num_samples"], measured["seed"], measured["ema"]) == (200, 1, False)


def test_two_latents_are_so_easy_that_annealing_and_importance_agree(measured):
    assert measured["ais_num_examples"] == 20
    assert abs(measured["ais_below_importance_nats"]) < 0.1
    assert abs(measured["bdmc_gap_nats"]) < 0.2
    assert 0.4 < measured["ais_acceptance_rate"] <= 1.0


def test_the_report_shows_the_numbers_by_section(run, measured):
    html = (run.path / "report.html").read_text()
    for words in ("Likelihood", "NLL by annealing", "Latents", "Mutual information"):
        assert words in html
    assert measured["alarms"] == evaluation.alarms(measured)
