"""The report of a run that still trains, and how it follows the training."""

import json
import os
import threading
import time

import pytest
from PIL import Image

from keras_vae import report
from keras_vae.report import training_page, watching
from tests import binaries, tiny
from tests.report.test_run_report import METRICS, Page

ROW = "{},1.0,70.0,-9{}.0,0.001,97.5,27.5,-98.0,98.0\n"


@pytest.fixture
def run_dir(tmp_path):
    """A run of 4 epochs, of which 2 are done."""
    config = tiny.config(epochs=4)
    (tmp_path / "config.json").write_text(json.dumps(tiny.described(config)))
    (tmp_path / "metrics.csv").write_text(METRICS)
    (tmp_path / "pictures").mkdir()
    for epoch in range(1, 7):
        picture = Image.new("L", (8, 8), 40 * epoch)
        picture.save(tmp_path / "pictures" / f"epoch_{epoch:05d}.png")
    return tmp_path


def page_of(run_dir):
    return Page((run_dir / "report.html").read_text())


def reloads(page):
    return [attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "refresh"]


def test_a_run_that_trains_shows_its_last_pictures_curves_and_config(run_dir):
    assert report.write(run_dir) == run_dir / "report.html"
    page = page_of(run_dir)
    places = [page.text.index(f"Epoch {epoch} ") for epoch in (6, 5, 4, 3)]
    assert places == sorted(places)
    assert len(page.all("img")) == 4
    assert all(len(attrs["alt"]) > 20 for attrs in page.all("img"))
    for words in (
        "2 of 4 epochs are done. ELBO of validation examples: -121.00 nats.",
        "This run isn't measured yet",
        "How did training go?",
        "ELBO",
        "latent_dim 3 D, the number of latents",
    ):
        assert words in page.text
    assert not reloads(page)


def test_a_run_without_an_epoch_has_its_config(run_dir):
    (run_dir / "metrics.csv").unlink()
    page = Page(report.write(str(run_dir)).read_text())
    assert "0 of 4 epochs are done." in page.text
    assert "How did training go?" not in page.text


def test_watching_follows_training_to_its_last_epoch(run_dir, monkeypatch):
    written = []

    def write(path, reload_seconds=0):
        found = training_page_write(path, reload_seconds)
        written.append(page_of(path))
        return found

    training_page_write = training_page.write
    monkeypatch.setattr(training_page, "write", write)
    monkeypatch.setattr(watching, "_POLL_SECONDS", 0.01)
    watcher = threading.Thread(target=report.watch, args=[run_dir])
    watcher.start()
    for epoch in (2, 3):
        wait_for(lambda done=epoch - 1: len(written) == done)
        time.sleep(0.05)  # Without a new row nothing is written.
        assert len(written) == epoch - 1
        with (run_dir / "metrics.csv").open("a") as file:
            file.write(ROW.format(epoch, epoch))
    watcher.join(10)
    assert not watcher.is_alive()
    starts = [f"{done} of 4 epochs are done." for done in (2, 3, 4)]
    assert all(words in page.text for words, page in zip(starts, written, strict=True))
    assert all(reloads(page) == ["5"] for page in written)
    assert "ELBO of validation examples: -98.00 nats." in written[-1].text


def test_a_stop_leaves_a_page_that_stays(run_dir):
    watching_it = binaries.Started("trainers.report", f"--run={run_dir}", "--watch")
    wait_for((run_dir / "report.html").exists, 60)
    assert reloads(page_of(run_dir)) == ["5"]
    watching_it.send_signal(2)
    done = watching_it.wait()
    assert (done.code, done.err.splitlines()[-1]) == (130, "Stopped by SIGINT.")
    assert not reloads(page_of(run_dir))


def test_a_stop_leaves_the_report_of_what_was_just_measured(run_dir, monkeypatch):
    """It was measured after the last look."""
    monkeypatch.setattr(watching, "_is_over", lambda path, epochs: False)
    monkeypatch.setattr(watching.run_report, "is_measured", lambda path: True)

    def stop(seconds):
        (run_dir / "report.html").write_text("measured")
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        report.watch(run_dir)
    assert (run_dir / "report.html").read_text() == "measured"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "is not a run: it has no config.json. Train one first."),
        (["config.json", "parity.json"], "is an export. Give the run directory that it is of."),
        (["config.json"], "isn't a run's config"),
    ],
)
@pytest.mark.parametrize("write", [report.write, report.watch])
def test_what_is_no_run_is_refused(run_dir, tmp_path_factory, files, words, write):
    folder = tmp_path_factory.mktemp("other")
    content = (run_dir / "config.json").read_text()
    for name in files:
        (folder / name).write_text(content if len(files) > 1 else "{}")
    with pytest.raises((ValueError, OSError), match=words):
        write(folder)
    assert not (folder / "report.html").exists()


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_training_that_stopped_early_is_over_once_it_is_measured(run_dir, monkeypatch):
    """Or a longer training of a measured run goes on: then metrics.csv is the newer file."""
    (run_dir / "evaluation.json").write_text("{}")
    monkeypatch.setattr(watching.run_report, "is_measured", lambda path: True)
    for newer, over in (("evaluation.json", True), ("metrics.csv", False)):
        now = time.time() + 10
        os.utime(run_dir / newer, (now, now))
        assert watching._is_over(run_dir, 4) == over
        os.utime(run_dir / newer, (now - 60, now - 60))
    assert watching._is_over(run_dir, 2)
