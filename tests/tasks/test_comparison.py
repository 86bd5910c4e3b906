"""Runs side by side: what is said of them, and the page."""

import json
import pathlib
import re
import shutil

import numpy as np
import pytest
import scipy.stats

import keras_vae
from keras_vae.measures import Shown, columns
from keras_vae.report import page, run_report, training_curves
from keras_vae.runs.results import read_history
from keras_vae.tasks import comparison
from tests import binaries, browser
from tests.in_process import TINY, parse
from tests.measures import stated
from tests.report.test_run_report import Page
from trainers import train

NUMBERS = {
    "nll_nats": 100.0,
    "nll_stderr": 0.5,
    "elbo_nats": -104.0,
    "rate_nats": 24.0,
    "distortion_nats": 80.0,
    "dataset": "digits",
    "split": "test",
    "binarization": "dynamic",
    "binarization_seed": 0,
    "num_examples": 50,
    "num_samples": 100,
    "alarms": [],
}


def measured(name, nll=None, numbers=None, **options):
    config = keras_vae.recipe("vae", **options)
    numbers = NUMBERS | (numbers or {})
    return comparison.Measured(pathlib.Path(name), name, config, "c0ffee", numbers, nll, {})


def test_runs_are_compared_example_by_example():
    rng = np.random.default_rng(0)
    hard = rng.normal(100, 30, 50)  # A hard example is hard for both runs.
    runs = [measured("a", hard + rng.normal(1, 0.5, 50)), measured("b", hard), measured("ae")]
    found = comparison.against_best(runs)
    assert found["b"] == (0.0, 0.0)
    assert "ae" not in found
    t = scipy.stats.ttest_rel(runs[0].nll, hard)
    difference, stderr = found["a"]
    np.testing.assert_allclose(difference / stderr, t.statistic)


def test_runs_whose_likelihoods_do_not_compare_are_not_ranked():
    nll = np.ones(50)
    runs = [measured("a", nll), measured("b", nll, {"binarization": "threshold"})]
    (note,) = comparison.differences(runs)
    assert 'binarization ("dynamic", "threshold"): their likelihoods don\'t compare.' in note
    assert comparison.table(runs)[0][1] == "Negative log-likelihood (nats)"
    assert comparison.differences([runs[0], runs[0]._replace(fingerprint="decaf")])
    # A label given, or a part of the image, makes the rest likelier.
    given = measured("c", nll, condition="label")
    (note,) = comparison.differences([runs[0], given])
    assert "differ in condition (label, none)" in note
    # A density may be above 1, a probability may not.
    density = measured("d", nll, likelihood="continuous_bernoulli")
    (note,) = comparison.differences([runs[0], density])
    assert "differ in kind of likelihood (a density, a probability)" in note
    assert not comparison.differences([density, measured("e", nll, likelihood="normal")])
    assert not comparison._of_distortions(runs)
    (note,) = comparison._of_distortions([runs[0], density])
    assert "bernoulli, continuous_bernoulli): their distortions don't compare" in note
    halves = [
        measured(v, nll, condition="image_part", visible=v) for v in ("top_half", "left_half")
    ]
    assert comparison.differences(halves)
    # A run without a likelihood is no obstacle.
    assert not comparison.differences([runs[0], runs[1]._replace(nll=None)])


def test_the_table_has_numbers_and_the_options_that_differ():
    nll = np.linspace(90, 110, 50)
    runs = [
        measured("a", nll, latent_dim=5, seed=1),
        measured("b", nll + 2.0, {"nll_nats": 102.0}, latent_dim=10, seed=2),
    ]
    names, rows = comparison.table(runs)
    assert names[:3] == ["Run", "Behind the best (nats)", "Negative log-likelihood (nats)"]
    assert names[-1] == "latent_dim"  # The seed is no column.
    assert [row[1] for row in rows] == [("0.00 ± 0.00", 0.0), ("2.00 ± 0.00", 2.0)]
    assert [row[2] for row in rows] == [("100.00 ± 0.50", 100.0), ("102.00 ± 0.50", 102.0)]
    assert [row[-1] for row in rows] == [("5", 5), ("10", 10)]


def test_names_leave_out_what_all_paths_share():
    paths = [pathlib.Path(p) for p in ("/runs/x/a", "/runs/y/a")]
    assert comparison._names(paths) == ["x/a", "y/a"]
    assert comparison._names([pathlib.Path(p) for p in ("/runs/x", "/runs/x/old")]) == [
        "x",
        "x/old",
    ]


def test_a_sortable_table_keeps_numbers_beside_words():
    html = page.sortable(
        ["Run", "NLL"], [[("<a>", "<a>"), ("1.5 ± 0.1", 1.5)], [("b", "b"), ("none", None)]]
    )
    found = Page(html)
    assert [attrs["data-key"] for attrs in found.all("td")] == ["1.5", ""]
    assert len(found.all("button")) == 2
    assert "<a>" in found.text


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two small runs, measured."""
    folder = tmp_path_factory.mktemp("runs")
    # So few samples cause an alarm.
    arguments = [a for a in TINY if a != "--evaluate=false"] + ["--num_samples=5"]
    for name, dim in (("small", 2), ("large", 3)):
        parse(f"--workdir={folder / name}", *arguments, f"--latent_dim={dim}")
        train.main()
    return folder


def test_two_runs_side_by_side(runs):
    out = runs / "compared"
    (runs / "lar,ge").symlink_to(runs / "large")  # The comma is the name's.
    given = (f"--runs={runs / 'small'}", f"--runs={runs / 'lar,ge'}")
    done = binaries.run("trainers.compare", *given, f"--out={out}")
    assert done.code == 0, done.err
    assert "small" in done.out
    assert "Behind the best" in done.out
    found = Page((out / "compare.html").read_text())
    alarms = json.loads((runs / "small" / "evaluation.json").read_text())["alarms"]
    assert alarms
    assert all(f"small: {alarm}" in found.text for alarm in alarms)
    for words in (
        "Runs compared",
        "2 runs on digits",
        "latent_dim",
        "Rate and distortion",
        "Linear probe",
        "Kernel distance",
        "Reconstructions",
        "small Measured on 179 examples of the test split of digits, binarized by draws of seed 0",
    ):
        assert words in found.text
    files = {path.stem for path in (out / "figures").iterdir()}
    assert {"rate_distortion", "samples_0", "samples_1"} <= files
    text = (out / "compare.html").read_text()
    assert "http" not in text.replace("http-equiv", "")
    order = ("Samples", "Reconstructions", "Numbers", "How did training go?", "What went wrong?")
    assert re.findall("<h2>(.*?)</h2>", text) == [*order]
    titles = re.findall("<figure><h3>(.*?)</h3>", text)
    assert titles[:4] == ["small", "large", "small", "large"]  # Side by side.


def test_an_autoencoder_shows_its_holes_beside_a_vae(runs, run_train):
    arguments = [a for a in TINY if a != "--evaluate=false"] + ["--num_samples=10"]
    assert run_train(f"--workdir={runs / 'ae'}", "--recipe=ae", *arguments).code == 0
    stated.check(runs / "ae" / "evaluation.json")
    found = comparison.read_measured([runs / "small", runs / "ae"])
    page_path = comparison.write_page(found, runs / "with_ae")
    assert "Holes in latent space" in Page(page_path.read_text()).text
    files = {path.stem for path in (runs / "with_ae" / "figures").iterdir()}
    assert {"holes_0", "holes_1"} <= files
    # Without autoencoders no data is needed, and none is loaded.
    assert comparison.read_measured([runs / "small", runs / "large"])[0].examples is None


def test_runs_without_validation_have_curves_too(runs, run_train):
    path = runs / "all_of_it"
    assert run_train(f"--workdir={path}", "--validation_size=0", *TINY).code == 0
    small, all_of_it = (read_history(p / "metrics.csv") for p in (runs / "small", path))
    for history in (small, all_of_it):
        _, values = training_curves.line(history, "elbo_nats")
        assert np.isfinite(values).sum() == 3
    assert training_curves.line(small, "val_elbo_nats") is not None
    assert training_curves.line(all_of_it, "val_elbo_nats") is None


def test_a_run_that_was_trained_on_must_be_measured_again(runs):
    path = runs / "extended"
    shutil.copytree(runs / "small", path)
    measured = json.loads((path / "evaluation.json").read_text())
    (path / "evaluation.json").write_text(json.dumps(measured | {"step": measured["step"] - 11}))
    with pytest.raises(ValueError, match=r"measured at step \d+ and trained on to step \d+. First"):
        comparison.read_measured([runs / "small", path])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"step": "one", "checkpoint": "ckpt-1"}'])
def test_damaged_numbers_are_refused_in_one_line(runs, content):
    path = runs / "damaged"
    shutil.copytree(runs / "small", path, dirs_exist_ok=True)
    (path / "evaluation.json").write_text(content)
    with pytest.raises(ValueError, match="are damaged or of another program"):
        comparison.read_measured([runs / "small", path])


def test_numbers_of_another_version_are_in_nobodys_way(runs):
    """A later one may have more keys and other words, an earlier one fewer keys."""
    path = runs / "other_version"
    shutil.copytree(runs / "small", path)
    numbers = json.loads((path / "evaluation.json").read_text())
    known = {key: numbers[key] for key in numbers if not key.startswith(("probe", "alarms"))}
    other = {"binarization": "by_hand", "new_nats": {"of": [1, None]}, "new_stderr": "small"}
    (path / "evaluation.json").write_text(json.dumps(known | other))
    measured = comparison.read_measured([runs / "small", path])
    names, (_, row) = comparison.table(measured, columns(Shown.PAGE))
    assert "new_nats" not in names
    assert row[names.index("Linear probe")] == ("none", None)
    text = Page(comparison.write_page(measured, runs / "versions").read_text()).text
    assert 'The runs differ in binarization ("by_hand", "dynamic")' in text
    assert "of the test split of digits, binarization=by_hand, by 5 importance samples" in text
    report = run_report.write_report(
        path, keras_vae.load(path), measured[1].config, known | other, shown=[]
    )
    assert 'new_nats {"of": [1, null]}' in Page(report.read_text()).text


def test_a_single_test_image_has_a_difference_without_an_error():
    runs = [measured("a", np.array([90.0])), measured("b", np.array([92.5]))]
    _, rows = comparison.table(runs)
    assert [row[1] for row in rows] == [("0", 0.0), ("2.5", 2.5)]


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_shows_it_without_error_request_or_overflow(runs, width):
    measured = comparison.read_measured([runs / "small", runs / "large"])
    found = browser.assert_sound(comparison.write_page(measured, runs), width)
    names, rows = comparison.table(measured, columns(Shown.PAGE))
    assert len(found["sorted"]) == len(names)
    for column, shown in enumerate(found["sorted"]):
        keys = {row[0][0]: row[column][1] for row in rows}
        assert [keys[name] for name in shown] == sorted(keys.values()), names[column]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["small"], "two or more"),
        (["small", "small"], "two or more"),
        (["small", "none"], "none is not a run"),
        (["small", "exported"], "exported is an export. Compare the run that it is of"),
        (["small", "unmeasured"], "unmeasured isn't measured. First call tasks.evaluate"),
    ],
)
def test_bad_input_is_refused(runs, names, words):
    (runs / "unmeasured").mkdir(exist_ok=True)
    config = (runs / "small" / "config.json").read_text()
    (runs / "unmeasured" / "config.json").write_text(config)
    (runs / "exported").mkdir(exist_ok=True)
    (runs / "exported" / "parity.json").write_text("{}")
    (runs / "exported" / "config.json").write_text(config)
    with pytest.raises((ValueError, OSError), match=words):
        comparison.read_measured([runs / name for name in names])
