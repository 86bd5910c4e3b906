"""The report: what it says, and that it needs nothing but itself."""

import base64
import functools
import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import keras_vae
from keras_vae import measures
from keras_vae.batches import Batch
from keras_vae.measures import Shown
from keras_vae.report import embedding, follow_ups, pictures, plots, run_report
from keras_vae.report.numbers_as_text import number
from keras_vae.runs.results import read_history
from tests import browser, tiny

EXAMPLES = np.random.default_rng(0).uniform(size=(20, 8, 8, 1)).astype(np.float32)
MEASURED_ON = {
    "dataset": "<digits & more>",
    "split": "test",
    "binarization": "dynamic",
    "binarization_seed": 3,
    "checkpoint": "best",
    "step": 77,
    "ema": True,
}
NUMBERS = {
    "elbo_nats": -104.7312,
    "rate_nats": 25.119,
    "distortion_nats": 79.612,
    "nll_nats": 101.23456,
    "nll_stderr": 0.4249,
    "num_samples": 5000,
    "num_examples": 12345,
    "effective_sample_size": 31.75,
    "nll_looseness_nats": 0.01,
    "bits_per_dim": 0.186289,
    "active_units": 2,
    "alarms": ["More < less."],
    **MEASURED_ON,
}
AUTOENCODER_NUMBERS = {
    "elbo_nats": None,
    "nll_nats": None,
    "nll_stderr": None,
    "distortion_nats": 58.8123,
    "num_examples": 20,
    "num_samples": None,
    "alarms": [],
    **MEASURED_ON,
}
METRICS = """epoch,beta,distortion,elbo_nats,learning_rate,loss,rate,val_elbo_nats,val_loss
0,0.5,90.0,-120.0,0.001,105.0,30.0,-121.0,121.0
1,1.0,80.0,-107.5,0.001,107.5,27.5,NA,NA
"""


# Reads a curve by the keyboard, then by the mouse; enlarges a picture; follows the link to alarms.
ACT = """
document.querySelectorAll("details").forEach(fold => fold.open = true);
const chart = document.querySelector("svg.chart");
const output = chart.parentElement.querySelector("output");
const said = [output.textContent];
chart.focus();
document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "Home"}));
said.push(output.textContent);
const {right, top} = chart.getBoundingClientRect();
chart.dispatchEvent(new PointerEvent("pointermove", {clientX: right - 5, clientY: top + 5}));
said.push(output.textContent);
const [button, dialog] = ["button.enlarge", "dialog"].map(name => document.querySelector(name));
button.click();
const enlarged = [dialog.open, dialog.querySelector("img").src === button.firstChild.src];
dialog.click();
enlarged.push(dialog.open);
const alarms = document.getElementById("alarms");
alarms.open = false;
document.querySelector("a[href='#alarms']").click();
dispatchEvent(new Event("hashchange"));
const opened = alarms.open;
document.querySelectorAll("details").forEach(fold => fold.open = true);
return {said, spoken: chart.ariaValueText, enlarged, opened};
"""


class Page(HTMLParser):
    """Checks that elements are closed as opened; collects elements, text, and its title."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(data)

    def all(self, tag):
        return [attrs for found, attrs in self.elements if found == tag]


def _config(recipe, **options):
    sizes = {"latent_dim": 2, "hidden": (16,), "event_shape": (8, 8, 1)}
    return keras_vae.recipe(recipe, likelihood="continuous_bernoulli", **sizes, **options)


@functools.cache
def _model(recipe):
    """A model of the recipe, and its pictures: they take seconds."""
    vae = keras_vae.build(_config(recipe))
    labels = np.arange(len(EXAMPLES)) % 3
    return vae, pictures.pictures(vae, Batch(EXAMPLES, None), labels)


def _write(run_dir, recipe="vae", evaluation=NUMBERS, metrics=METRICS, shown=None, **options):
    config = _config(recipe, **options)
    stored = tiny.described(config, fingerprint="c0ffee")
    (run_dir / "config.json").write_text(json.dumps(stored))
    if metrics is not None:
        (run_dir / "metrics.csv").write_text(metrics)
    vae, usual = _model(recipe)
    shown = usual if shown is None else shown
    return run_report.write_report(run_dir, vae, config, evaluation, shown)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    assert _write(path, dataset="folder:<b>&cats") == path / "report.html"
    return path


@pytest.fixture(scope="module")
def page(run_dir):
    return Page((run_dir / "report.html").read_text())


def test_nothing_is_loaded_from_elsewhere(run_dir, page):
    for _, attrs in page.elements:
        for name in ("src", "href", "srcset", "data", "action"):
            assert attrs.get(name, "data:").startswith(("data:", "#"))
        assert not {"data-src", "poster", "background"} & set(attrs)
    text = (run_dir / "report.html").read_text()
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    assert "@import" not in text
    for script in re.findall("<script>(.*?)</script>", text, re.DOTALL):
        assert not re.search(r"fetch|XMLHttp|WebSocket|import\b|sendBeacon|EventSource", script)


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("width", "dark", "background"),
    [(400, False, "rgb(246, 247, 249)"), (1400, True, "rgb(16, 19, 23)")],
)
def test_a_browser_shows_it_without_error_request_or_overflow(run_dir, width, dark, background):
    found = browser.assert_sound(run_dir / "report.html", width, dark, ACT)
    assert found["background"] == background
    last = "Epoch 2: training -107.50"
    assert found["acted"] == {
        "said": [last, "Epoch 1: training -120.00, validation -121.00", last],
        "spoken": last,
        "enlarged": [True, True, False],
        "opened": True,
    }


@pytest.mark.needs("chromium")
def test_the_browser_finds_what_is_wrong(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<html><head></head><body style='width: 900px'><img src='http://no.invalid/a.png'>"
        "<script>console.error('logged'); missing()</script></body></html>"
    )
    found = browser.look(page, 400)
    assert found["content"] >= 900
    assert found["errors"][0] == "logged"
    assert "missing is not defined" in found["errors"][1]
    assert found["requests"] == ["http://no.invalid/a.png"]


def test_every_picture_has_an_alt_text_and_is_a_file_too(run_dir, page):
    pictures = page.all("img")
    assert all(len(p["alt"]) > 20 for p in pictures)
    embedded = {base64.b64decode(p["src"].removeprefix("data:image/png;base64,")) for p in pictures}
    files = {file.name: file.read_bytes() for file in (run_dir / "figures").iterdir()}
    assert embedded == set(files.values())
    assert {name.removesuffix(".png") for name in files} == {
        "rate_distortion",
        "reconstructions",
        "samples",
        "interpolations",
        "completions",
        "rates",
        "traversals",
        "manifold",
        "latents",
    }


def test_it_says_what_was_measured(page):
    for words in (
        "vae on folder:<b>&cats",
        "Negative log-likelihood 101.23 ± 0.42 nats",
        "ELBO -104.73 nats",
        "Rate 25.12 nats",
        "Distortion 79.61 nats",
        "Bits per dimension 0.1863 bits",
        "Effective sample size 31.75",
        "Importance samples 5,000",
        "Test examples 12,345",
        "Active units 2",
        "More < less.",
        "Likelihood",
        "Latents",
        "bits_per_dim 0.186289",
        'dataset "<digits & more>"',
        "Measured on 12,345 examples of the test split of <digits & more>, binarized by draws of "
        "seed 3, by 5,000 importance samples of each; weights of step 77 (checkpoint best), averag",
        "latent_dim 2 D, the number of latents",
        "fingerprint c0ffee",
        "tensorflow 2.77",
    ):
        assert words in page.text


def test_it_fits_a_phone_and_the_dark(run_dir, page):
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert "prefers-color-scheme: dark" in (run_dir / "report.html").read_text()
    scrolling = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(scrolling) == len(page.all("table"))


def test_pictures_come_first_then_three_numbers_then_folded_questions(page):
    order = ["Samples from the prior", "Reconstructions", "Bits per dimension", "Latents in use"]
    order += [*measures.QUESTIONS, "What exactly was run?"]
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    folds = [attrs for attrs in page.all("details") if attrs.get("class") == "fold"]
    assert len(folds) == len(measures.QUESTIONS) + 1
    # Alarms alone are open, and the head leads to them.
    assert [attrs.get("id") for attrs in folds if "open" in attrs] == ["alarms"]
    assert {"href": "#alarms"} in page.all("a")
    assert "An alarm was raised: what went wrong?" in page.text


def test_every_measure_is_a_card_once_under_its_question(tmp_path):
    table = measures.of_file().values()
    texts = {m.key: "words" for m in table if m.value["type"] == "string"}
    lists = {m.key: [0.25, 0.5] for m in table if m.value["type"] == "array"}
    objects = {m.key: {"age": 0.5} for m in table if m.value["type"] == "object"}
    numbers = {m.key: 0.5 for m in table} | texts | lists | objects | NUMBERS
    text = _write(tmp_path, evaluation=numbers, shown=[]).read_text()
    for question, sections in measures.QUESTIONS.items():
        fold = text.partition(f"<h2>{question}</h2>")[2].partition("<details class='fold'")[0]
        names = [html.escape(m.name) for s in sections.values() for m in s if m.shown >= Shown.CARD]
        assert re.findall("<div class='card'><h4>(.*?)</h4>", fold) == names
        assert fold.count("<p class='good'>") == len(names)  # Each says what is good.
    assert text.count("<div class='card'>") == sum(m.shown >= Shown.CARD for m in table)


def test_a_run_without_alarms_says_so(tmp_path):
    page = Page(_write(tmp_path, evaluation=NUMBERS | {"alarms": []}, shown=[]).read_text())
    assert "No alarm was raised." in page.text
    assert not page.all("a")
    assert not any("open" in attrs for attrs in page.all("details"))


def test_an_exported_page_beside_it_draws_samples_once_asked_for(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "page.html").write_text("<title>page</title>")
    (frame,) = Page(_write(tmp_path, shown=[]).read_text()).all("iframe")
    assert frame["data-src"] == "export/page.html"
    assert "src" not in frame


def test_a_report_of_photographs_stays_below_5_mb(tmp_path):
    """Noise is worse than photographs, and no report has more than twenty pictures."""
    without = _write(tmp_path, shown=[]).stat().st_size
    noise = plots.image_grid(np.random.default_rng(0).uniform(size=(1, 800, 800, 3)))
    shown = [plots.Picture("noise", "Noise", noise, "What has no structure at all.", "Noise.")]
    of_picture = _write(tmp_path, shown=shown).stat().st_size - without
    assert (tmp_path / "figures" / "noise.png").stat().st_size > 1e6
    assert 60_000 < of_picture < 4 / 3 * embedding.MOST_BYTES + 1000
    assert without + 20 * of_picture < 5e6


def test_the_last_value_of_a_curve_is_told_in_words(page):
    assert "Epoch 2: training -107.50 The bound on log p(x)" in page.text.replace(
        "training validation ", ""
    )


def test_curves_read_missing_values_and_leave_out_the_validation_loss(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(METRICS)
    history = read_history(path)
    np.testing.assert_array_equal(history["val_elbo_nats"], [-121.0, np.nan])
    np.testing.assert_array_equal(history["epoch"], [0, 1])
    assert "val_loss" not in history


@pytest.mark.parametrize(
    ("text", "losses"), [("epoch,loss,beta\n0,3.0,1.0\n1,2.0", [3.0]), ("", None)]
)
def test_what_a_killed_training_left_of_its_curves_is_read(tmp_path, text, losses):
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    history = read_history(path)
    assert (history["loss"].tolist() if history else None) == losses


def test_columns_without_a_number_are_left_out(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss,val_elbo_nats\n0,3.0,NA\n1,2.0,NA\n")
    assert set(read_history(path)) == {"epoch", "loss"}


def test_the_way_to_the_test_images_rate_and_distortion_is_shown(tmp_path):
    rates, distortions = np.arange(20.0), 100.0 - np.arange(20.0)
    history = {"rate": rates, "distortion": distortions}
    numbers = {"rate_nats": 25.0, "distortion_nats": 80.0}
    (picture,) = run_report._rate_distortion(history, numbers)
    axes = picture.figure.axes[0]
    assert tuple(axes.collections[0].get_offsets()[0]) == (25.0, 80.0)
    (way,) = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
    np.testing.assert_array_equal(way.get_xdata(), rates[2:])
    np.testing.assert_array_equal(way.get_ydata(), distortions[2:])
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert low < 2.0 < 25.0 < high
    assert bottom < 80.0 < 98.0 < top
    assert not list(run_report._rate_distortion({}, numbers))
    assert not list(run_report._rate_distortion(history, AUTOENCODER_NUMBERS))


@pytest.mark.parametrize("metrics", [None, "epoch,loss\n"])
def test_without_metrics_there_is_no_question_on_training(tmp_path, metrics):
    page = Page(_write(tmp_path, metrics=metrics).read_text())
    assert "How did training go?" not in page.text
    assert "Samples from the prior" in page.text


def test_an_autoencoder_has_a_reconstruction_error_and_no_samples(tmp_path):
    page = Page(_write(tmp_path, "ae", AUTOENCODER_NUMBERS).read_text())
    assert "Reconstruction error 58.81 nats" in page.text
    assert "Samples from the prior" not in page.text
    assert "The manifold" not in page.text
    assert "This autoencoder has no density of codes to draw samples from." in page.text
    assert "Latent traversals" in page.text
    assert "nll_nats null" in page.text


@pytest.mark.parametrize(
    ("value", "stderr", "text"),
    [
        (101.23456, 0.4249, "101.23 ± 0.42"),
        (1543.21, 12.3, "1,543 ± 12"),
        (0.123456, 0.00123, "0.1235 ± 0.0012"),
        (-5.0, 0.0, "-5.00 ± 0.00"),
        (-5.0, None, "-5"),
    ],
)
def test_numbers_have_as_many_digits_as_their_error_allows(value, stderr, text):
    assert number("nll_nats", {"nll_nats": value, "nll_stderr": stderr}) == text


def test_numbers_may_have_a_p_value_and_may_be_words():
    found = {"a": [0.25, 0.5], "a_p_value": 0.002, "b": "<64 features>"}
    assert number("a", found) == "0.25, 0.5 (p = 0.002)"
    assert number("b", found) == "<64 features>"


def test_what_was_done_with_the_same_weights_is_shown(tmp_path):
    path = _write(tmp_path, shown=[])
    assert "Anomalies" not in Page(path.read_text()).text
    (tmp_path / "evaluation.json").write_text(json.dumps({"step": 77}))
    auroc = {"auroc_nll": 0.875, "auroc_nll_stderr": 0.0123}
    counts = {"num_examples": 1000, "num_examples_of_other": 900, "other_dataset": "<cats>"}
    (tmp_path / "anomaly.json").write_text(json.dumps(auroc | counts | {"step": 77}))
    plots.bars(np.ones(3), "a", "b").savefig(tmp_path / "figures" / "anomaly_nll.png")
    sizes = {"file_bits_per_dim": 0.1658, "expected_bits_per_dim": 0.1655, "num_examples": 179}
    sizes |= {"decoded_exactly": True, "rivals": {"gzip": {"bits_per_dim": 0.33}, "PNG": None}}
    (tmp_path / "compression.json").write_text(json.dumps(sizes | {"step": 77}))
    (tmp_path / "latents").mkdir()
    drawn = {"attribute": [3, 8], "step": 76}
    (tmp_path / "latents" / "latents.json").write_text(json.dumps(drawn))
    follow_ups.refresh(tmp_path)
    found = Page(path.read_text())
    for words in (
        "Anomalies: <cats> Negative log-likelihood, AUROC 0.875 ± 0.012",
        "1 without an error. Of 900 examples of <cats> and 1,000 test examples. Higher is better.",
        "Compressed by this model 0.1658 bits per dimension 179 test examples",
        "gzip 0.3300",
    ):
        assert words in found.text
    assert "Attributes" not in found.text  # The attributes are of weights of another step.
    assert "PNG" not in found.text  # The file holds no PNG size.
    assert any("Histograms of test examples and of <cats>" in p["alt"] for p in found.all("img"))
    follow_ups.refresh(tmp_path)
    assert Page(path.read_text()).text == found.text
    # A new report has it from the beginning.
    assert Page(_write(tmp_path, shown=[]).read_text()).text == found.text
    # Pictures are there to be deleted: the numbers stay.
    (tmp_path / "figures" / "anomaly_nll.png").unlink()
    (tmp_path / "latents" / "latents.json").write_text(json.dumps(drawn | {"step": 77}))
    follow_ups.refresh(tmp_path)
    text = Page(path.read_text()).text
    assert "AUROC 0.875 ± 0.012" in text
    assert "Attributes" not in text


def test_a_failing_report_leaves_the_old_one(tmp_path, monkeypatch):
    _write(tmp_path, shown=[])
    old = (tmp_path / "report.html").read_bytes()
    before = sorted(path.name for path in tmp_path.iterdir())

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        _write(tmp_path, evaluation=NUMBERS | {"nll_nats": 1.0}, shown=[])
    assert (tmp_path / "report.html").read_bytes() == old
    # Whatever else is left has a hidden name of its own.
    left = {path.name for path in tmp_path.iterdir()} - set(before)
    assert all(name.startswith(".report.html.") for name in left)
