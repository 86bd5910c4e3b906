"""How much is measured: all that is asked for, and at a training's end what its time allows."""

import json

import numpy as np
import pytest

import keras_vae
from keras_vae import evaluation, runs, tasks
from keras_vae.tasks import extent
from tests.in_process import samples_unmeasured

COST = 1e-3  # seconds of an importance sample, as the tests below have it


@pytest.fixture
def costly(monkeypatch):
    """As if each importance sample of an example took `COST`, and each draw of the model 10 ms."""
    monkeypatch.setattr(extent, "_TRIFLE", 0)
    monkeypatch.setattr(extent, "_cost", lambda run, usual, seconds: COST)
    monkeypatch.setattr(extent, "_seconds", lambda function: 0.16)


def test_all_is_measured_unless_less_is_asked_for(run):
    assert extent.whole(run) == (179, 5000, 2000, 179)
    assert extent.whole(run, 20, 7) == (20, 7, 2000, 20)
    with pytest.raises(ValueError, match=r"num_examples must be from 1 to 179, .* got 180"):
        extent.whole(run, 180)


def test_what_takes_no_time_is_measured_whole(run):
    assert extent.within(run, 1e-9)[:3] == (179, 500, 2000)


@pytest.mark.parametrize(
    ("seconds", "asked", "wanted"),
    [
        # 0.3 of the seconds are for as many thousands of samples, and for 3.5 draws of 10 ms each.
        (1000.0, {}, (179, 500, 2000)),
        (100.0, {}, (179, round(30_000 / 179), round(3000 / 3.5))),
        (1.0, {}, (179, 2, 100)),
        (0.1, {}, (30, 1, 100)),
        (1.0, {"num_examples": 20}, (20, 15, 100)),
        (1.0, {"num_samples": 100}, (179, 100, 100)),
        (1.0, {"num_examples": 50, "num_samples": 100}, (50, 100, 100)),
    ],
)
def test_fewer_samples_come_first_then_fewer_examples(run, costly, seconds, asked, wanted):
    assert extent.within(run, seconds, **asked)[:3] == wanted


def test_the_cost_is_told_by_more_samples_where_few_take_no_time(run, monkeypatch):
    timed = []
    monkeypatch.setattr(extent, "_seconds", lambda function: timed.append(function) or 0.5)
    assert extent._cost(run, 500, seconds=10.0) == 0.5 / (4 * 50)
    assert len(timed) == 1
    assert extent._cost(run, 500, seconds=100.0) == 0.5 / (16 * 500)


@pytest.mark.parametrize(
    ("speeds", "seconds"), [([100.0, 50.0, np.nan], 3 * 1408 / 100), ([], 0.0)]
)
def test_a_fifth_of_the_training_and_ten_seconds_at_least(run, monkeypatch, speeds, seconds):
    """An epoch is 11 batches of 128."""
    monkeypatch.setattr(runs.Run, "history", {"images_per_second": np.array(speeds)})
    assert run.training_seconds == pytest.approx(seconds)
    given = []

    def within(run, seconds, *asked):
        given.append(seconds)
        return extent.Extent(1, 1)

    monkeypatch.setattr(extent, "within", within)
    extent.of_training(run)
    (run.path / "extent.json").unlink()
    assert given == [pytest.approx(max(seconds / 5.0, 10.0))]


def test_what_was_chosen_is_kept_and_what_is_asked_for_wins(run, costly):
    chosen = extent.of_training(run)
    file = run.path / "extent.json"
    assert json.loads(file.read_text()) == chosen._asdict()
    file.write_text(json.dumps(chosen._replace(num_examples=33, num_samples=4)._asdict()))
    assert extent.of_training(run)[:2] == (33, 4)
    assert extent.of_training(run, num_samples=9)[:2] == (33, 9)
    assert extent.of_training(run)[:2] == (33, 4)
    file.unlink()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"num_examples": 3', "is damaged: .* Delete it, and make it anew"),
        ("[1, 2]", "is damaged: it holds a list"),
        ('{"num_examples": 3}', "must hold whole numbers num_examples, num_samples, .* Delete it"),
        (
            '{"num_examples": 3, "num_samples": 1.5, "num_compared": 1, "num_retried": 0}',
            "must hold whole numbers",
        ),
    ],
)
def test_a_damaged_choice_is_refused_in_one_line(run, content, words):
    file = run.path / "extent.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=words):
        extent.of_training(run)
    file.unlink()


def test_examples_are_drawn_label_by_label(run):
    test = extent.cut(run.data, 50).test
    assert test.num_examples == 50
    shares = np.bincount(run.data.test.labels) / 179 * 50
    assert np.all(np.abs(np.bincount(test.labels, minlength=10) - shares) <= 1.0)
    assert extent.cut(run.data, 179) is run.data


@samples_unmeasured()
def test_a_measurement_of_some_says_of_how_many_and_what_more_samples_gain(run):
    """Five samples can't tell how far the likelihood is off."""
    found = tasks.evaluate(run, num_samples=5, num_examples=120)
    assert (found["num_examples"], found["num_test_examples"]) == (120, 179)
    assert "Measured on 120 of the 179 examples" in (run.path / "report.html").read_text()
    assert found["nll_looseness_nats"] is None
    assert (found["nll_gain_num_examples"], found["nll_gain_num_samples"]) == (120, 50)
    some = extent.cut(run.data, 120)
    batches = runs.run_data.evaluation_batches(run.config, some, "test", 100)
    few, many = (evaluation.of_examples(run.model, batches, k)["nll"] for k in (5, 50))
    with np.load(run.path / "evaluation.npz") as examples:
        np.testing.assert_allclose(examples["nll"], few, rtol=1e-4)
    assert found["nll_gain_nats"] == pytest.approx(np.mean(few - many), abs=1e-3)
    assert found["nll_gain_stderr"] == pytest.approx(evaluation.stderr(few - many), abs=1e-3)
    assert found["nll_gain_nats"] > 3.0 * found["nll_gain_stderr"]


@samples_unmeasured()
def test_counts_are_options_of_training(tmp_path):
    small = {"hidden": (8,), "latent_dim": 2}
    config = keras_vae.recipe("vae", dataset="digits", epochs=1, **small)
    options = {"jit_compile": False, "picture_epochs": 0, "tensorboard": False}
    with pytest.raises(ValueError, match="num_examples must be from 1 to 179"):
        runs.train(config, tmp_path / "a", num_examples=180, **options)
    assert not (tmp_path / "a").exists()
    run = runs.train(config, tmp_path / "a", num_examples=40, num_samples=10, **options)
    assert [run.evaluation[name] for name in ("num_examples", "num_samples")] == [40, 10]
    finer = tasks.evaluate(run, num_samples=30)
    runs.train(config, tmp_path / "a", num_examples=40, num_samples=10, **options)
    assert run.evaluation == finer
