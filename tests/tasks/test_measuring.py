"""What an evaluation writes."""

import dataclasses
import html
import json
import types

import numpy as np
import pytest
import scipy.stats

from keras_vae import evaluation, measures
from keras_vae.batches import Batch
from keras_vae.runs import run_data
from keras_vae.tasks import extent, measuring, sample_quality, table_samples
from keras_vae.tasks.simple_rival import measure_rival
from tests import browser, tiny, tools
from tests.in_process import TINY
from tests.measures import stated


@pytest.fixture(scope="module")
def measured(run):
    return measuring.evaluate(run, 200, seed=1, annealing=measuring.Annealing(20, 100, 8))


def test_the_files_hold_what_is_returned(run, measured):
    stored = json.loads((run.path / "evaluation.json").read_text())
    assert stored == json.loads(json.dumps(measured))
    stated.check(run.path / "evaluation.json")
    with np.load(run.path / "evaluation.npz") as examples:
        np.testing.assert_allclose(examples["nll"].mean(), measured["nll_nats"], rtol=1e-5)
        bound = -(examples["rate"] + examples["distortion"]).mean()
        np.testing.assert_allclose(bound, measured["elbo_nats"], rtol=1e-5)
        assert len(examples["effective_sample_size"]) == measured["num_examples"]


def _of_a_table(model):
    """What is asked of a run on a table whose label is one of its columns."""
    x = tiny.images_for(model, 40)
    rows = types.SimpleNamespace(array=x, num_examples=40, mask=None, labels=None)
    config = tiny.config(recipe="table", label="town")
    return types.SimpleNamespace(
        model=model, config=config, data=types.SimpleNamespace(train=rows, test=rows)
    )


def test_the_table_of_measures_has_what_is_written_and_nothing_else(run, measured):
    """What this run has not is written by the same functions of other data."""
    rng, labels, table = np.random.default_rng(0), np.arange(60) % 3, tiny.vae(recipe="table")
    of_one_class = np.zeros(60, int)
    few = evaluation.Labelled(rng.normal(size=(60, 2)), rng.normal(size=(60, 4)), of_one_class)
    factors = np.stack([labels, np.arange(60) // 30], axis=1)
    batches = run_data.evaluation_batches(run.config, run.data, "test", 100)
    rare = {"scale": np.arange(179) % 2, "x": np.arange(179) // 2}
    others = (
        evaluation.cluster_scores(labels, labels)
        | evaluation.cluster_scores(labels, of_one_class)
        | evaluation.probes(few, few)
        | evaluation.disentanglement(rng.normal(size=(60, 2)), factors)
        | measuring._disentanglement(run.model, batches, rare)
        | evaluation.unseen([0, 1], labels)
        | measuring._skipped({"skipped": np.array([0.0, 3.0])}, 10)
        | measuring._gain(run.model, batches, np.zeros(179), extent.Extent(179, 1, 0, 179), 0)
        | evaluation.by_column(table, [Batch(tiny.images_for(table, 4))])
        | table_samples.measure_table(of_table := _of_a_table(table))
        | measure_rival(of_table)
    )
    assert set(measured) | set(others) == measures.keys()


def test_it_says_on_what_it_was_measured(measured):
    said = {name: measured[name] for name in ("dataset", "split", "binarization", "checkpoint")}
    assert said == {
        "dataset": "digits",
        "split": "test",
        "binarization": "dynamic",
        "checkpoint": "best",
    }
    assert (measured["num_samples"], measured["seed"], measured["ema"]) == (200, 1, True)


def test_two_latents_are_so_easy_that_annealing_and_importance_agree(measured):
    assert measured["ais_num_examples"] == 20
    assert abs(measured["ais_below_importance_nats"]) < 0.1
    assert abs(measured["bdmc_gap_nats"]) < 0.2
    assert 0.4 < measured["ais_acceptance_rate"] <= 1.0
    assert 1.0 <= measured["ais_effective_chains"] <= 8


def test_annealing_has_standard_errors_of_what_the_examples_are(run, measured):
    with np.load(run.path / "evaluation.npz") as examples:
        difference = examples["nll"][:20] - examples["ais_nll"]
        np.testing.assert_allclose(examples["ais_below_importance"], difference, atol=1e-5)
        for name in ("ais_nll", "ais_below_importance", "bdmc_gap"):
            assert examples[name].shape == (20,)
            assert measured[f"{name}_nats"] == pytest.approx(examples[name].mean(), abs=1e-5)
            assert measured[f"{name}_stderr"] == pytest.approx(
                scipy.stats.sem(examples[name]), rel=1e-4
            )


def test_the_report_shows_the_numbers_by_section(run, measured):
    page = (run.path / "report.html").read_text()
    sections = ("Likelihood", "Latents", "Downstream use", "Samples", "Posterior predictive checks")
    for words in (*sections, "NLL by annealing", "Mutual information", "Nearest training examples"):
        assert words in page
    assert measured["alarms"] == evaluation.alarms(measured)


def test_codes_are_probed_and_samples_compared(run, measured):
    labels = run.data.test.labels
    # Chance is one label of ten, plus five standard errors.
    chance = 0.1 + 5 * np.sqrt(0.1 * 0.9 / len(labels))
    for name in ("probe_linear_accuracy_pixels", "probe_knn_accuracy_pixels"):
        assert chance < 0.7 < measured[name] <= 1.0
    assert measured["feature_space"] == "classifier of the 10 labels, 64 features"
    assert measured["num_compared"] == len(labels)
    assert measured["frechet_distance_train"] < measured["frechet_distance"]
    assert measured["copied_num_train"] == run.data.train.num_examples
    assert measured["predictive_intensity"][0] == pytest.approx(
        run.data.test.array.mean(), abs=5 * 0.5 / np.sqrt(run.data.test.array.size)
    )


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("gmvae", ("Label's information", "Clusters")),
        ("ladder", ("Rate of each layer",)),
    ],
)
def test_every_kind_of_model_is_measured(run_train, tmp_path, recipe, words):
    flags = [f for f in TINY if not f.startswith(("--evaluate", "--hidden", "--latent_dim"))]
    layers = ("--hidden=8,8", "--latent_dims=3,2")
    flags += layers if recipe == "ladder" else ("--hidden=8", "--latent_dim=2")
    flags += ["--beta_warmup_epochs=1"] if recipe == "ladder" else []
    done = run_train(*flags, f"--recipe={recipe}", "--num_samples=10", f"--workdir={tmp_path}/r")
    assert done.code == 0, done.err
    stated.check(tmp_path / "r" / "evaluation.json")
    page = (tmp_path / "r" / "report.html").read_text()
    assert all(html.escape(word) in page for word in words)
    if tools.has("chromium"):
        browser.assert_sound(tmp_path / "r" / "report.html", 400)


def test_beside_black_and_white_images_samples_are_draws(run):
    black_and_white = dataclasses.replace(run, config=run.config.replace(binarization="threshold"))
    shown = {}
    for one in (run, black_and_white):
        examples = [sample_quality.examples(one, split) for split in ("train", "test")]
        found, copies = sample_quality._samples(one, *examples, seed=0)
        shown[found["samples_are"]] = copies.samples
    assert set(np.unique(shown["draws of p(x|z)"])) == {0.0, 1.0}
    assert len(np.unique(shown["means of p(x|z)"])) > 2


def test_samples_are_means_and_so_are_the_images_that_they_are_compared_with(run):
    test = sample_quality.examples(run, "test")
    assert test.x.dtype == bool
    np.testing.assert_array_equal(test.images, run.data.test.array)
    np.testing.assert_array_equal(test.labels, run.data.test.labels)
    few = test.at_most(3)
    rows = [0, 89, 178]
    np.testing.assert_array_equal(few.images, run.data.test.array[rows])
    np.testing.assert_array_equal(few.labels, run.data.test.labels[rows])


def test_a_model_that_knows_its_images_by_heart_is_found_out(run):
    train = run.data.train.array
    vae = types.SimpleNamespace(
        sample=lambda n, temperature, seed, condition: train[100 : 100 + n],
        as_floats=run.model.as_floats,
        has_bound=False,
        prior="there is one",
        condition=None,
    )
    forged = dataclasses.replace(run, model=vae)
    examples = [sample_quality.examples(forged, split) for split in ("train", "test")]
    found, copies = sample_quality._samples(forged, *examples, seed=0)
    assert found["copied_fraction"] > 0.95  # Some of the digits are nearly the same.
    assert found["copied_fraction_test"] < 0.05
    np.testing.assert_array_equal(copies.samples, copies.neighbours)
    assert "predictive_intensity" not in found


def test_features_for_samples_that_are_not_compared_are_refused(run, tmp_path):
    sounds = types.SimpleNamespace(modality=types.SimpleNamespace(compares_samples=False))
    with pytest.raises(ValueError, match=r"features=.*own.keras has no effect: run=.*Leave it out"):
        sample_quality.stored_features(
            dataclasses.replace(run, model=sounds), tmp_path / "own.keras"
        )


def test_samples_are_compared_in_the_features_that_are_given(run):
    space = evaluation.Features("the first pixels", lambda images: images[:, 3, 2:6, 0])
    found, _ = sample_quality.measure_samples(run, features=space)
    test, made = (
        space(x)
        for x in (
            run.data.test.array,
            sample_quality._means(run.model, sample_quality.examples(run, "test"), 0),
        )
    )
    assert found["feature_space"] == "the first pixels"
    wanted = evaluation.frechet_distance(made, test)
    assert found["frechet_distance"] == pytest.approx(wanted, rel=1e-4)


def test_reconstructions_are_compared_with_the_grey_images(run):
    test = sample_quality.examples(run, "test")
    found = sample_quality._reconstructions(run.model, test)
    made = run.model.reconstruct(test.x).numpy()
    error = ((made - run.data.test.array) ** 2).mean(axis=(1, 2, 3))
    assert found["psnr_db"] == pytest.approx(np.mean(-10 * np.log10(error)), rel=1e-4)
    assert sample_quality._reconstructions(run.model, test._replace(images=3 * test.images)) == {}


LEFT = np.arange(64).reshape(8, 8) % 8 < 4


@pytest.mark.parametrize(("in_examples", "visible"), [(True, LEFT), (True, None), (False, None)])
def test_examples_come_with_the_condition_that_is_made_of_them(run, in_examples, visible):
    condition = types.SimpleNamespace(in_examples=in_examples, visible=visible)
    model = types.SimpleNamespace(as_floats=run.model.as_floats, condition=condition)
    plain = sample_quality.examples(run, "test")
    changed = types.SimpleNamespace(config=run.config, data=run.data, model=model)
    found = sample_quality.examples(changed, "test")
    given = run.model.as_floats(plain.x).numpy()
    if in_examples:
        np.testing.assert_array_equal(found.condition, given)
    else:
        assert found.condition is None
    kept = np.zeros([8, 8], bool) if visible is None else visible
    np.testing.assert_array_equal(found.images[:, kept], given[:, kept])
    np.testing.assert_array_equal(found.images[:, ~kept], plain.images[:, ~kept])


def test_skipped_steps_are_a_share_of_all():
    """An epoch of a run that began without the column counts for nothing."""
    history = {"skipped": [float("nan"), 3.0, 1.0], "loss": [1.0] * 3}
    assert measuring._skipped(history, 50) == {"skipped_steps": pytest.approx(4 / 100)}
    assert measuring._skipped({"loss": [1.0]}, 50) == {}
